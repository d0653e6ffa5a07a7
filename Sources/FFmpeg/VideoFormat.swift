internal import CFFmpeg

/// A picture's width and height in pixels.
public struct Size: Sendable, Hashable, Codable, CustomStringConvertible {
    /// Pixels of a line.
    public let width: Int
    /// Lines.
    public let height: Int

    /// Makes a size of `width` by `height` pixels.
    public init(_ width: Int, _ height: Int) {
        self.width = width
        self.height = height
    }

    /// The size of the same picture, turned by a quarter.
    public var swapped: Size { Size(height, width) }
    /// Width times height, saturated.
    public var pixelCount: Int {
        let (value, overflow) = width.multipliedReportingOverflow(by: height)
        return overflow ? .max : value
    }
    /// `WIDTHxHEIGHT`.
    public var description: String { "\(width)x\(height)" }
}

/// A libav pixel format by number.
public struct PixelFormat: Sendable, Hashable, CustomStringConvertible {
    let raw: AVPixelFormat

    init(_ raw: AVPixelFormat) { self.raw = raw }
    init(_ raw: Int32) { self.raw = AVPixelFormat(raw) }

    /// 8-bit planar YUV with chroma at half the size in both directions.
    public static let yuv420p = PixelFormat(AV_PIX_FMT_YUV420P)
    /// 8-bit planar YUV with chroma at half the width.
    public static let yuv422p = PixelFormat(AV_PIX_FMT_YUV422P)
    /// One byte a pixel, an index into a palette of 256 colours.
    public static let pal8 = PixelFormat(AV_PIX_FMT_PAL8)

    /// Whether both are the same format.
    public static func == (left: PixelFormat, right: PixelFormat) -> Bool {
        left.raw.rawValue == right.raw.rawValue
    }
    /// Hashes the format's number.
    public func hash(into hasher: inout Hasher) { hasher.combine(raw.rawValue) }

    /// libav's name, such as `yuv420p10le`; `none` when it has none.
    public var description: String { av_get_pix_fmt_name(raw).map { String(cString: $0) } ?? "none" }
    /// Bits of a sample, 8 when unknown.
    public var bitDepth: Int {
        av_pix_fmt_desc_get(raw).map { Int($0.pointee.comp.0.depth) } ?? 8
    }
    /// RGB, with no luma plane and so no matrix.
    public var isRGB: Bool {
        guard let descriptor = av_pix_fmt_desc_get(raw) else { return false }
        return descriptor.pointee.flags & UInt64(AV_PIX_FMT_FLAG_RGB) != 0
            || descriptor.pointee.flags & UInt64(AV_PIX_FMT_FLAG_PAL) != 0
    }
    /// Some of its pixels may be transparent.
    public var hasAlpha: Bool {
        guard let descriptor = av_pix_fmt_desc_get(raw) else { return false }
        return descriptor.pointee.flags & UInt64(AV_PIX_FMT_FLAG_ALPHA) != 0
    }
    /// Pixels side by side and one above the other that share a sample of colour.
    public var chromaBlock: Size {
        guard let descriptor = av_pix_fmt_desc_get(raw) else { return Size(1, 1) }
        return Size(1 << Int(descriptor.pointee.log2_chroma_w), 1 << Int(descriptor.pointee.log2_chroma_h))
    }
    /// One of the deprecated yuvj formats, which are full range by name.
    public var impliesFullRange: Bool { description.hasPrefix("yuvj") }
}

/// Colour as coded by ISO/IEC 23091-2 (H.273).
public struct ColorTags: Sendable, Hashable {
    /// ColourPrimaries: what red, green and blue are.
    public var primaries: Int
    /// TransferCharacteristics: how light becomes a number.
    public var transfer: Int
    /// MatrixCoefficients: how red, green and blue become luma and chroma.
    public var matrix: Int
    /// Whether 8-bit luma goes from 0 to 255 rather than from 16 to 235.
    public var isFullRange: Bool

    /// ITU-R BT.709, limited range: high definition.
    public static let bt709 = ColorTags(primaries: 1, transfer: 1, matrix: 1, isFullRange: false)
    /// ITU-R BT.601 with 525 lines, limited range: standard definition.
    public static let bt601 = ColorTags(primaries: 6, transfer: 6, matrix: 6, isFullRange: false)
    /// 2 is "unspecified" in all three tables.
    public static let unspecified = 2

    /// Makes tags of three numbers of H.273 and the range.
    public init(primaries: Int, transfer: Int, matrix: Int, isFullRange: Bool) {
        self.primaries = primaries
        self.transfer = transfer
        self.matrix = matrix
        self.isFullRange = isFullRange
    }

    /// SMPTE ST 2084 (PQ) or ARIB STD-B67 (HLG).
    public var isHDR: Bool { transfer == 16 || transfer == 18 }

    /// libav's name of the transfer characteristics, such as `smpte2084`.
    public var transferName: String { name(av_color_transfer_name(.init(UInt32(transfer)))) }
    /// libav's name of the primaries, such as `bt2020`.
    public var primariesName: String { name(av_color_primaries_name(.init(UInt32(primaries)))) }
    /// libav's name of the matrix, such as `bt2020nc`.
    public var matrixName: String { name(av_color_space_name(.init(UInt32(matrix)))) }

    private func name(_ pointer: UnsafePointer<CChar>?) -> String {
        pointer.map { String(cString: $0) } ?? "unknown"
    }
}

/// In which order the two fields of an interlaced picture are shown.
public enum FieldOrder: Sendable, Hashable {
    case topFirst, bottomFirst
}

/// The pictures that an encoder takes.
public struct VideoFormat: Sendable, Hashable {
    /// Pixels.
    public var size: Size
    /// How the pixels lie in memory.
    public var pixelFormat = PixelFormat.yuv420p
    /// Of a pixel, width to height.
    public var pixelAspect = Rational(1, 1)
    /// What the stream is to say of its colours.
    public var color: ColorTags
    /// Pictures a second.
    public var frameRate: Rational
    /// `nil` for whole pictures.
    public var fieldOrder: FieldOrder?

    /// Makes a format of progressive 8-bit 4:2:0 pictures with square pixels.
    public init(size: Size, color: ColorTags, frameRate: Rational) {
        self.size = size
        self.color = color
        self.frameRate = frameRate
    }
}
