import Testing

@testable import TopicTraining

@Suite struct CalibrationTests {
    /// Of 400 texts with margins of 0.5 and -0.5 three in four are right: a sharpness of ln 3 says just that, and 0.8 of it
    /// is kept, for other texts than those that were held out are wrong more often.
    @Test func lessIsClaimedThanHeldOutPartsBearOut() {
        let rows = [ScoredRow](repeating: ScoredRow(margins: [0.5, -0.5], length: 10), count: 400)
        let calibration = Calibration(rows: rows, labels: (0..<400).map { $0 % 4 == 0 ? 1 : 0 })
        let claimed = calibration.sharpness * 10 / (10 + calibration.doubt)
        #expect(abs(claimed - 0.8 * 1.0986) < 0.01, "\(claimed)")
    }
}
