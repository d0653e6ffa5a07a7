internal import FFmpeg
internal import Foundation

/// Which streams of an input are used, where its clock starts, and whether its numbers are allowed.
struct InputPlan {
    /// `nil` where no pictures are wanted.
    let video: FFmpeg.Stream?
    /// `nil` where no sound is wanted, or there is none.
    let audio: FFmpeg.Stream?
    /// The best streams, wanted or not.
    let detectedVideo: FFmpeg.Stream?
    let detectedAudio: FFmpeg.Stream?
    /// The moment that becomes zero in the output.
    let origin: Timestamp
    /// Seconds, as the container states it.
    let statedDuration: Double?
    let statedVideoDuration: Double?
    /// Seconds of the sound that is used without pictures.
    private let statedSoundDuration: Double?
    /// Seconds from where the container's clock begins to `origin`.
    private let lead: Double

    /// What an output is to have of an input.
    struct Wish: Equatable {
        var hasVideo = true
        var hasAudio = true
        /// The language of the sound, where there is a choice.
        var language: String?
        /// Whether silence will do where sound is wanted and nothing else is.
        var allowsSilence = false
        /// For messages.
        var preset = ""

        init() {}

        init(_ presets: [Preset], language: String? = nil) {
            hasVideo = presets.contains { $0.video != nil }
            hasAudio = presets.contains { $0.audio != nil }
            self.language = language
            preset = (presets.first { ($0.video != nil) == hasVideo } ?? presets.first)?.name ?? ""
        }
    }

    init(
        streams: [FFmpeg.Stream],
        duration: Double?,
        wish: Wish = Wish(),
        limits: IngestLimits,
        name: String
    ) throws(TranscodingError) {
        let usable = streams.filter { $0.timebase.isPositive }
        let pictures = usable.filter { $0.kind == .video }
        let sounds = usable.filter { $0.kind == .audio && $0.codec != "none" }
        let picture = StreamChoice.picture(pictures.map(StreamChoice.Candidate.init))
        detectedVideo = pictures.first { $0.index == picture }
        let sound = StreamChoice.sound(sounds.map(StreamChoice.Candidate.init), language: wish.language)
        detectedAudio = sounds.first { $0.index == sound }
        let video = wish.hasVideo ? detectedVideo : nil
        let audio = wish.hasAudio ? detectedAudio : nil
        if wish.hasVideo, video == nil {
            let what = sounds.isEmpty ? "" : ", only sound; preset \(wish.preset) needs pictures"
            throw TranscodingError(.inputUnsupported, "\(name) has no video stream\(what)")
        }
        if !wish.hasVideo, audio == nil, !wish.allowsSilence {
            let what = pictures.isEmpty ? "" : ", only pictures; preset \(wish.preset) needs sound"
            throw TranscodingError(.inputUnsupported, "\(name) has no sound\(what)")
        }
        if let video { try InputPlan.check(video, limits, name) }
        try InputPlan.check(duration: duration, limits, name)
        if let audio { try InputPlan.check(sound: audio, limits, name) }
        self.video = video
        self.audio = audio
        statedDuration = duration
        statedVideoDuration = video.flatMap(InputPlan.statedSeconds)
        statedSoundDuration = video == nil ? audio.flatMap(InputPlan.statedSeconds) : nil
        // Without its pictures, sound keeps its place on the input's clock.
        origin = InputPlan.origin(detectedVideo, audio)
        let starts = [detectedVideo, detectedAudio].compactMap { $0 }.compactMap { stream in
            stream.startPTS.map { Timestamp(ticks: $0, timebase: stream.timebase).seconds }
        }
        lead = max(0, origin.seconds - (starts.min() ?? origin.seconds))
    }

    private static func statedSeconds(_ stream: FFmpeg.Stream) -> Double? {
        stream.duration.map { Double($0) * stream.timebase.value }
    }

    /// The indexes of all streams that are read.
    var selection: [Int] { (streams + witnesses).map(\.index) }

    /// Seconds after the origin that the container promises of all its streams; `nil` where it says how long
    /// those are that are used, or nothing.
    var sharedPromise: Double? {
        guard statedVideoDuration == nil, statedSoundDuration == nil else { return nil }
        return statedDuration.map { $0 - lead }
    }

    /// Seconds that the container promises of the stream that leads.
    var ownPromise: Double? {
        statedVideoDuration ?? statedSoundDuration.map { min($0, statedDuration ?? $0) }
    }

    /// What is read and not used, only to see how far the container reaches.
    var witnesses: [FFmpeg.Stream] {
        guard sharedPromise != nil, !streams.isEmpty else { return [] }
        return [detectedVideo, detectedAudio].compactMap { $0 }.filter { stream in
            !streams.contains { $0.index == stream.index }
        }
    }

    /// Where the input starts for an output with or without its sound.
    func origin(hasAudio: Bool) -> Timestamp {
        InputPlan.origin(detectedVideo, hasAudio ? detectedAudio : nil)
    }

    /// Ticks of a stream's timebase at `seconds` after the input's start.
    func ticks(_ seconds: Double, in stream: FFmpeg.Stream) -> Int64 {
        let ticks = (seconds / stream.timebase.value).rounded()
        let offset = abs(ticks) < 9e18 ? Int64(ticks) : 0
        return origin.converted(to: stream.timebase).ticks &+ offset
    }

    /// The streams that are read.
    var streams: [FFmpeg.Stream] { [video, audio].compactMap { $0 } }

    /// The earlier of the two starts; sound that starts up to 50 ms before the picture is codec delay.
    private static func origin(_ video: FFmpeg.Stream?, _ audio: FFmpeg.Stream?) -> Timestamp {
        guard let video else {
            return Timestamp(ticks: audio?.startPTS ?? 0, timebase: audio?.timebase ?? Timebase(1, 1))
        }
        let picture = Timestamp(ticks: video.startPTS ?? 0, timebase: video.timebase)
        guard let audio, let start = audio.startPTS else { return picture }
        let sound = Timestamp(ticks: start, timebase: audio.timebase)
        return sound.seconds < picture.seconds - 0.05 ? sound : picture
    }

    private static func check(
        _ video: FFmpeg.Stream,
        _ limits: IngestLimits,
        _ name: String
    ) throws(TranscodingError) {
        try check(size: video.size, limits, name)
        if let vision = video.dolbyVision, !vision.hasCompatibleBase {
            throw TranscodingError(
                .inputUnsupported,
                "\(name) is Dolby Vision of profile \(vision.profile), whose colours need Dolby's own decoder"
            )
        }
        if video.averageFrameRate.value > limits.maxFrameRate {
            let rate = Int(video.averageFrameRate.value)
            throw .limit("maxFrameRate", "\(name) states \(rate) fps; at most \(Int(limits.maxFrameRate))")
        }
    }

    private static func check(
        duration: Double?,
        _ limits: IngestLimits,
        _ name: String
    ) throws(TranscodingError) {
        if let duration, duration > limits.maxDuration {
            throw .limit(
                "maxDuration",
                "\(name) states \(Int(duration)) s; at most \(Int(limits.maxDuration)) s"
            )
        }
    }

    /// Refuses a picture over the limits, whichever way round it lies.
    static func check(size: Size, _ limits: IngestLimits, _ name: String) throws(TranscodingError) {
        let long = max(size.width, size.height)
        let short = min(size.width, size.height)
        guard
            long <= max(limits.maxWidth, limits.maxHeight), short <= min(limits.maxWidth, limits.maxHeight),
            size.pixelCount <= limits.maxPixels
        else {
            let most = "\(limits.maxWidth)x\(limits.maxHeight) and \(limits.maxPixels) pixels"
            throw .limit("maxWidth, maxHeight, maxPixels", "\(name) has pictures of \(size); at most \(most)")
        }
    }

    private static func check(
        sound: FFmpeg.Stream,
        _ limits: IngestLimits,
        _ name: String
    ) throws(TranscodingError) {
        guard sound.channelCount <= limits.maxChannels, sound.sampleRate <= limits.maxSampleRate else {
            throw .limit(
                "maxChannels, maxSampleRate",
                "\(name) has \(sound.channelCount) channels at \(sound.sampleRate) Hz; "
                    + "at most \(limits.maxChannels) at \(limits.maxSampleRate) Hz"
            )
        }
    }
}

extension TranscodingError {
    /// A refusal that names the limit, as `IngestLimits` does.
    static func limit(_ limit: String, _ message: String) -> TranscodingError {
        TranscodingError(.inputLimit, "\(message) (limit \(limit))")
    }
}
