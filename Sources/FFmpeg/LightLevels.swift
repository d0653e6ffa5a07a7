internal import CFFmpeg

/// How bright an HDR video gets, in cd/m² (nits), as its side data say; `nil` where they do not.
public struct LightLevels: Sendable, Hashable {
    /// MaxCLL: the brightest pixel (CTA-861.3).
    public var maxContent: Double?
    /// The brightest that the display it was made on could show (SMPTE ST 2086).
    public var maxMastering: Double?

    /// Makes levels in cd/m²; `nil` for what is not stated.
    public init(maxContent: Double? = nil, maxMastering: Double? = nil) {
        self.maxContent = maxContent
        self.maxMastering = maxMastering
    }

    init(frame: UnsafePointer<AVFrame>) {
        let content = av_frame_get_side_data(frame, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL)
        let mastering = av_frame_get_side_data(frame, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA)
        self.init(
            content.flatMap { UnsafeRawPointer($0.pointee.data) },
            size: content.map { Int($0.pointee.size) } ?? 0,
            mastering.flatMap { UnsafeRawPointer($0.pointee.data) },
            size: mastering.map { Int($0.pointee.size) } ?? 0
        )
    }

    init(stream: UnsafePointer<AVStream>) {
        var (contentSize, masteringSize) = (0, 0)
        let content = av_stream_get_side_data(stream, AV_PKT_DATA_CONTENT_LIGHT_LEVEL, &contentSize)
        let mastering = av_stream_get_side_data(
            stream,
            AV_PKT_DATA_MASTERING_DISPLAY_METADATA,
            &masteringSize
        )
        self.init(
            content.map { UnsafeRawPointer($0) },
            size: contentSize,
            mastering.map { UnsafeRawPointer($0) },
            size: masteringSize
        )
    }

    private init(
        _ content: UnsafeRawPointer?,
        size contentSize: Int,
        _ mastering: UnsafeRawPointer?,
        size masteringSize: Int
    ) {
        if let content, contentSize >= MemoryLayout<AVContentLightMetadata>.size {
            let level = content.loadUnaligned(as: AVContentLightMetadata.self)
            maxContent = level.MaxCLL > 0 ? Double(level.MaxCLL) : nil
        }
        if let mastering, masteringSize >= MemoryLayout<AVMasteringDisplayMetadata>.size {
            let display = mastering.loadUnaligned(as: AVMasteringDisplayMetadata.self)
            let luminance = Rational(display.max_luminance)
            maxMastering = display.has_luminance != 0 && luminance.isPositive ? luminance.value : nil
        }
    }

    /// What `self` does not say, taken from `other`.
    public func completed(by other: LightLevels) -> LightLevels {
        LightLevels(
            maxContent: maxContent ?? other.maxContent,
            maxMastering: maxMastering ?? other.maxMastering
        )
    }
}

/// Which Dolby Vision a stream is (Dolby Vision Streams Within the ISO Base Media File Format, §3).
public struct DolbyVision: Sendable, Hashable {
    /// The profile's number, such as 5 or 8.
    public let profile: Int
    /// What the base layer is by itself: 0 nothing, 1 HDR10, 2 SDR, 4 HLG, 6 Blu-ray's HDR10.
    public let baseCompatibility: Int

    /// Makes a configuration of a profile and what its base layer is compatible with.
    public init(profile: Int, baseCompatibility: Int) {
        self.profile = profile
        self.baseCompatibility = baseCompatibility
    }

    /// Whether the base layer can be shown by a decoder that knows nothing of Dolby Vision.
    ///
    /// Profile 5 and profile 10 without compatibility are coded in IPTPQc2, whose colours are those of no
    /// other system.
    public var hasCompatibleBase: Bool {
        profile != 5 && !(profile == 10 && baseCompatibility == 0)
    }

    init?(stream: UnsafePointer<AVStream>) {
        var size = 0
        guard let data = av_stream_get_side_data(stream, AV_PKT_DATA_DOVI_CONF, &size),
            size >= MemoryLayout<AVDOVIDecoderConfigurationRecord>.size
        else { return nil }
        let record = UnsafeRawPointer(data).loadUnaligned(as: AVDOVIDecoderConfigurationRecord.self)
        self.init(
            profile: Int(record.dv_profile),
            baseCompatibility: Int(record.dv_bl_signal_compatibility_id)
        )
    }
}
