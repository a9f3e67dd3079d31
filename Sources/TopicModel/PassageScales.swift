/// What the sums of a text and of its thirds are multiplied with to make margins.
struct PassageScales {
    /// Topics that are summed side by side.
    static let lanes = 16

    /// The length of the whole text's feature vector.
    let length: Float
    /// For the whole, then for each third: its share by the length of its feature vector.
    let ofPassages: SIMD4<Float>

    /// Nothing was read.
    static let none = PassageScales(lengths: .zero, thirdShare: 0)

    /// `thirdShare`: what each third has of the margins; the whole has the rest.
    init(lengths: SIMD4<Float>, thirdShare: Float) {
        length = lengths[0]
        let shares = SIMD4(1 - 3 * thirdShare, thirdShare, thirdShare, thirdShare)
        ofPassages = (shares / lengths).replacing(with: 0, where: lengths .== 0)
    }
}
