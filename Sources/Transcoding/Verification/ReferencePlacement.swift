internal import FFmpeg

/// Finds out where an output's pictures show those of its original, which nothing in either file tells.
enum ReferencePlacement {
    /// How far the sum of a placement's SSIMs must be ahead of all others' to be taken without a further look.
    static let lead = 0.05
    /// How many pictures are looked at, one number after the other until a placement leads.
    ///
    /// In black pictures each placement looks the same.
    static let looks = [2, 20, 120, 600]

    /// Every way that leads to pictures of the `canvas`' size, those that cut nothing first.
    static func candidates(_ picture: Sizing.Picture, canvas: Size, aspect: Rational) -> [Sizing.Rules] {
        var seen: Set<Placement> = []
        return [.fit, .stretch, .fill, .shrinkToFit, .keep, .shrinkToFill]
            .map { Sizing.Rules($0, .pad, box: canvas, pixelAspect: aspect) }
            .filter { rules in
                let placement = Sizing.place(picture, rules)
                return placement.canvas == canvas && seen.insert(placement).inserted
            }
    }

    /// Where a picture goes; one of another shape than the first has bars rather than being distorted.
    static func place(
        _ picture: Sizing.Picture,
        _ rules: Sizing.Rules,
        first: Sizing.Picture
    ) -> Placement {
        guard picture != first else { return Sizing.place(picture, rules) }
        let fit = Sizing.Rules(.fit, .pad, box: rules.box, pixelAspect: rules.pixelAspect)
        let content = Sizing.place(first, fit).content.size
        // The whole picture fills the output but for the rounding of sides: it was fitted into it.
        let isFitted =
            rules.sizing == .stretch && abs(content.width - rules.box.width) <= 2
            && abs(content.height - rules.box.height) <= 2
        return Sizing.place(picture, isFitted ? fit : rules, following: rules.box)
    }

    /// The placement whose pictures are most like the output's.
    static func likeliest(_ files: PicturePairs.Files) throws -> Sizing.Rules {
        let (picture, canvas, aspect) = try shapes(files)
        let candidates = candidates(picture, canvas: canvas, aspect: aspect)
        guard candidates.count > 1 else {
            return candidates.first ?? Sizing.Rules(.stretch, .pad, box: canvas, pixelAspect: aspect)
        }
        var sums: [Double] = []
        for count in looks {
            sums = try candidates.map { try likeness(files, $0, count) }
            let sorted = sums.sorted(by: >)
            if sorted[0] - sorted[1] >= lead { break }
        }
        // The first of several that are alike.
        let best = sums.max() ?? 0
        return zip(candidates, sums).first { $1 == best }?.0 ?? candidates[0]
    }

    /// The sum of the SSIMs of the output's first pictures where `rules` have put the original's.
    private static func likeness(
        _ files: PicturePairs.Files,
        _ rules: Sizing.Rules,
        _ count: Int
    ) throws -> Double {
        let pairs = try PicturePairs(files, rules)
        var graph = try ComparisonGraph.open(
            size: pairs.size,
            threads: PictureReader.threads,
            measuresPSNR: false
        )
        var sum = 0.0
        for index in 0..<count {
            guard let (picture, reference) = try pairs.next() else { break }
            let done = try graph.compare(picture.frame, reference, index: Int64(index))
            sum += total(done)
        }
        return sum + total(try graph.finish())
    }

    private static func total(_ frames: [Frame]) -> Double {
        frames.compactMap { $0.metadata("lavfi.ssim.All") }.filter(\.isFinite).reduce(0, +)
    }

    private static func shapes(
        _ files: PicturePairs.Files
    ) throws -> (original: Sizing.Picture, canvas: Size, aspect: Rational) {
        var outputs = try PictureReader(files.output, files.limits)
        var originals = try PictureReader(files.original, files.limits)
        guard let output = try outputs.next()?.frame else {
            throw TranscodingError(.outputRejected, "no picture of \(files.output) could be decoded")
        }
        guard let original = try originals.next()?.frame else {
            throw TranscodingError(.inputDamaged, "no picture of \(files.original) could be decoded")
        }
        let shape = VideoPlan.shape(original, originals.stream, isInterlaced: original.isInterlaced)
        let shown = VideoPlan.shape(output, outputs.stream, isInterlaced: output.isInterlaced)
        let turned = originals.stream.orientation.swapsAxes
        return (
            Sizing.Picture(shape.size, aspect: shape.aspect, isTurned: turned),
            shown.size,
            shown.aspect.isPositive ? shown.aspect : Rational(1, 1)
        )
    }
}
