internal import CFFmpeg

/// The luma of a picture in 32 by 18 cells.
public struct PictureSketch: Sendable, Equatable {
    /// Cells from left to right.
    public static let columns = 32
    /// Cells from top to bottom.
    public static let rows = 18
    /// Lines of each cell that are looked at.
    private static let lines = 4

    /// The mean luma of each cell, 0...255, line by line.
    public let cells: [UInt8]

    /// `nil` without a plane of luma of whole bytes, and for pictures of under 64 by 36.
    public init?(_ frame: Frame) {
        let picture = frame.pointer.pointee
        guard let format = av_pix_fmt_desc_get(AVPixelFormat(picture.format)), let luma = picture.data.0
        else {
            return nil
        }
        let flags = UInt64(AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_HWACCEL)
        let unfit = flags | UInt64(AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_BE)
        let component = format.pointee.comp.0
        guard format.pointee.flags & unfit == 0, component.plane == 0, component.offset == 0,
            (8...16).contains(component.depth), component.shift >= 0
        else { return nil }
        let (width, height) = (Int(picture.width), Int(picture.height))
        guard width >= 2 * PictureSketch.columns, height >= 2 * PictureSketch.rows else { return nil }
        let stride = Int(picture.linesize.0)
        let isWide = component.step == 2
        guard component.step == (component.depth > 8 ? 2 : 1) else { return nil }
        let shift = Int(component.shift) + Int(component.depth) - 8
        var cells = [UInt8](repeating: 0, count: PictureSketch.columns * PictureSketch.rows)
        for row in 0..<PictureSketch.rows {
            let top = height * row / PictureSketch.rows
            let span = height * (row + 1) / PictureSketch.rows - top
            for column in 0..<PictureSketch.columns {
                let left = width * column / PictureSketch.columns
                let count = width * (column + 1) / PictureSketch.columns - left
                var sum = 0
                for line in 0..<PictureSketch.lines {
                    let start = luma + (top + span * line / PictureSketch.lines) * stride
                    sum +=
                        isWide
                        ? PictureSketch.sum16(start, left, count) : PictureSketch.sum8(start, left, count)
                }
                let mean = sum / (PictureSketch.lines * count)
                cells[row * PictureSketch.columns + column] = UInt8(clamping: mean >> (isWide ? shift : 0))
            }
        }
        self.cells = cells
    }

    /// How much each cell differs from that of another picture.
    public func change(from other: PictureSketch) -> [UInt8] {
        zip(cells, other.cells).map { $0 > $1 ? $0 - $1 : $1 - $0 }
    }

    private static func sum8(_ line: UnsafeMutablePointer<UInt8>, _ left: Int, _ count: Int) -> Int {
        var sum: UInt32 = 0
        for index in left..<left + count { sum &+= UInt32(line[index]) }
        return Int(sum)
    }

    private static func sum16(_ line: UnsafeMutablePointer<UInt8>, _ left: Int, _ count: Int) -> Int {
        var sum: UInt32 = 0
        line.withMemoryRebound(to: UInt16.self, capacity: left + count) { samples in
            for index in left..<left + count { sum &+= UInt32(samples[index]) }
        }
        return Int(sum)
    }
}

extension Frame {
    /// CRC-32 of all of the picture's samples.
    ///
    /// Two pictures of one stream have the same one when they look the same.
    public var checksum: UInt32 {
        let format = AVPixelFormat(pointer.pointee.format)
        let table = av_crc_get_table(AV_CRC_32_IEEE_LE)
        var sum: UInt32 = 0
        let count = Int(max(0, av_pix_fmt_count_planes(format)))
        guard let planes = pointer.pointer(to: \.data.0), let strides = pointer.pointer(to: \.linesize.0)
        else {
            return sum
        }
        for plane in 0..<count {
            guard let start = planes[plane] else { continue }
            let stride = Int(strides[plane])
            let width = av_image_get_linesize(format, pointer.pointee.width, Int32(plane))
            let sampling = av_pix_fmt_desc_get(format).map { Int32($0.pointee.log2_chroma_h) } ?? 0
            let isChroma = plane == 1 || plane == 2
            let height = isChroma ? -((-pointer.pointee.height) >> sampling) : pointer.pointee.height
            guard width > 0 else { continue }
            for line in 0..<max(0, Int(height)) {
                sum = av_crc(table, sum, start + line * stride, Int(width))
            }
        }
        return sum
    }
}
