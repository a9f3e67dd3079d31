// SPDX-License-Identifier: Apache-2.0
import CLinear
import Glibc
internal import TopicModel

/// One linear model a topic against all others, by liblinear's dual solver for the squared hinge loss.
struct LinearSolver {
    private static let turn = Turn()

    /// A weight for each topic of each feature, topics behind each other: `weights[feature * topics + topic]`.
    private(set) var weights: [Double]
    /// The constant of each topic.
    private(set) var biases: [Double]
    private let thirdShare: Double

    /// Trains on `rows` of `corpus`; `labels` has the topic of each text. All topics must occur in them.
    init(
        corpus: Corpus, rows: [Int], labels: [Int], topics: Int, weighting: Weighting, options: TrainingOptions
    ) throws(TopicModelError) {
        thirdShare = options.thirdShare
        let features = corpus.hashes.count
        let nodeCount = rows.reduce(0) { $0 + corpus.row($1).count + 2 }
        // liblinear's structures are pointers into one block, which lives until the end of this function.
        let nodes = UnsafeMutablePointer<feature_node>.allocate(capacity: nodeCount)
        defer { unsafe nodes.deallocate() }
        let starts = UnsafeMutablePointer<UnsafeMutablePointer<feature_node>?>.allocate(capacity: rows.count)
        defer { unsafe starts.deallocate() }
        let targets = UnsafeMutablePointer<Double>.allocate(capacity: rows.count)
        defer { unsafe targets.deallocate() }
        var next = 0
        for (index, row) in rows.enumerated() {
            unsafe starts[index] = nodes + next
            unsafe targets[index] = Double(labels[corpus.text(of: row)])
            let range = corpus.row(row)
            for (position, value) in zip(range, weighting.values(of: range, in: corpus).values) {
                unsafe nodes[next] = feature_node(index: Int32(corpus.features[position]) + 1, value: value)
                next += 1
            }
            unsafe nodes[next] = feature_node(index: Int32(features) + 1, value: 1)
            unsafe nodes[next + 1] = feature_node(index: -1, value: 0)
            next += 2
        }
        var problem = unsafe CLinear.problem(
            l: Int32(rows.count), n: Int32(features) + 1, y: targets, x: starts, bias: 1)
        var parameter = unsafe CLinear.parameter()
        unsafe parameter.solver_type = Int32(L2R_L2LOSS_SVC_DUAL)
        unsafe parameter.C = options.cost
        unsafe parameter.eps = 0.1  // 0.03 takes half as long again, and is right no more often
        unsafe parameter.p = 0.1
        // Topics weigh the same together, however many articles the data has of each: what a newsroom writes next month
        // is not mixed as the data is.
        var counts = [Int](repeating: 0, count: topics)
        for row in rows { counts[labels[corpus.text(of: row)]] += 1 }
        var weights = counts.map { Double(rows.count) / Double(topics * max($0, 1)) }
        var weighted = (0..<Int32(topics)).map { $0 }
        unsafe set_print_string_function { _ in }
        // liblinear draws its order from rand(), which the whole process shares: one training at a time, so that each has
        // the numbers that belong to its seed.
        LinearSolver.turn.wait()
        defer { LinearSolver.turn.signal() }
        srand(options.seed)
        let trained = unsafe weights.withUnsafeMutableBufferPointer { weights in
            unsafe weighted.withUnsafeMutableBufferPointer { weighted in
                unsafe parameter.nr_weight = Int32(topics)
                unsafe parameter.weight = weights.baseAddress
                unsafe parameter.weight_label = weighted.baseAddress
                return unsafe CLinear.train(&problem, &parameter)
            }
        }
        guard let model = unsafe trained else {
            throw TopicModelError(.unsuitable, "liblinear made no model: is there enough memory?")
        }
        var freed: UnsafeMutablePointer<CLinear.model>? = unsafe model
        defer { unsafe free_and_destroy_model(&freed) }
        guard unsafe Int(model.pointee.nr_class) == topics, topics > 2 || features >= 0 else {
            throw TopicModelError(.unsuitable, "a topic has too few articles: some part of the data is without it")
        }
        self.weights = [Double](repeating: 0, count: features * topics)
        biases = [Double](repeating: 0, count: topics)
        // Of two topics liblinear makes one vector, for the first label; the other is its opposite.
        let vectors = topics == 2 ? 1 : topics
        for vector in 0..<vectors {
            let topic = unsafe Int(model.pointee.label[vector])
            for feature in 0..<features {
                self.weights[feature * topics + topic] = unsafe model.pointee.w[feature * vectors + vector]
            }
            biases[topic] = unsafe model.pointee.w[features * vectors + vector]
        }
        if topics == 2 {
            let topic = unsafe Int(model.pointee.label[0])
            for feature in 0..<features {
                self.weights[feature * 2 + 1 - topic] = -self.weights[feature * 2 + topic]
            }
            biases[1 - topic] = -biases[topic]
        }
        // A topic that is rare here may be common elsewhere: some of what its constant lacks for that is given back.
        for topic in 0..<topics {
            biases[topic] -= options.evening * natural(Double(counts[topic] * topics) / Double(rows.count))
        }
    }

    /// The margins of a whole text as the scorer makes them, with the thirds that it has.
    func scored(text: Int, in corpus: Corpus, weighting: Weighting) -> ScoredRow {
        let thirds = thirdShare > 0 ? corpus.thirds(of: text) : []
        return scored([corpus.row(text)] + thirds, in: corpus, weighting: weighting)
    }

    /// The margins of a row for each topic, or those of a row and its thirds, and the length of the first's vector.
    func scored(_ passages: [Range<Int>], in corpus: Corpus, weighting: Weighting) -> ScoredRow {
        var margins = biases
        var lengths: [Double] = []
        for (number, row) in passages.enumerated() {
            let (values, length) = weighting.values(of: row, in: corpus)
            lengths.append(length)
            let share = number > 0 ? thirdShare : 1 - thirdShare * Double(passages.count - 1)
            for (position, value) in zip(row, values) {
                let base = Int(corpus.features[position]) * biases.count
                for topic in margins.indices { margins[topic] += share * value * weights[base + topic] }
            }
        }
        return ScoredRow(margins: margins, length: lengths[0])
    }
}

/// Lets one thread at a time through. The work in between takes seconds, so this is a lock that sleeps; it is taken and
/// given back by the same thread, with no await in between.
@safe final class Turn: @unchecked Sendable {  // the mutex lies at one place and its functions are thread-safe
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>

    init() {
        unsafe mutex = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe _ = pthread_mutex_init(mutex, nil)
    }

    deinit {
        unsafe _ = pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    func wait() { unsafe _ = pthread_mutex_lock(mutex) }

    func signal() { unsafe _ = pthread_mutex_unlock(mutex) }
}
