import Foundation
import TestMedia
import Testing

/// HDR becomes SDR as a viewer expects it: white is white, nothing is clipped, grey stays grey.
@Suite("HDR is shown as SDR", .serialized)
struct HDRTests {
    struct Ramp: Sendable, CustomTestStringConvertible {
        let name: String
        let transfer: String
        /// x265's words for MaxCLL and the display it was made on.
        var light = ""
        /// What becomes the output's white, in cd/m².
        var peak = 1000.0

        var testDescription: String { name }
        var isHLG: Bool { transfer == "arib-std-b67" }
    }

    static let ramps = [
        Ramp(name: "PQ without figures", transfer: "smpte2084"),
        Ramp(
            name: "PQ that says it reaches 600 nits",
            transfer: "smpte2084",
            light: ":max-cll=600,200"
                + ":master-display=G(8500,39850)B(6550,2300)R(35400,14600)WP(15635,16450)L(10000000,50)",
            peak: 600
        ),
        Ramp(name: "HLG", transfer: "arib-std-b67"),
    ]

    private static let steps = 16
    private static let white = 203.0
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    @Test("A grey ramp comes out within 2 % of the reference's luma, and neutral", arguments: ramps)
    func ramp(_ ramp: Ramp) throws {
        let input = try makeRamp(ramp)
        let output = workspace.url("output.mp4")
        let result = try RecastProgram.transcode(input, to: output)
        try #require(result.status == 0, "\(result.errorText)")
        let seen = try patches(output.path, graph: "null")
        let reference = try patches(input, graph: reference(ramp))
        let range = 219.0
        for step in 0..<Self.steps {
            let computed = luma(code: code(step), ramp)
            #expect(abs(seen[step].luma - reference[step].luma) <= range * 0.02, "step \(step)")
            #expect(
                abs(seen[step].luma - computed) <= range * 0.02,
                "step \(step): \(seen[step]), \(computed)"
            )
            #expect(abs(seen[step].blue - 128) <= 2 && abs(seen[step].red - 128) <= 2, "step \(step)")
        }
        // Up to the peak each step is brighter than the one before.
        let bright = (0..<Self.steps).filter { nits(code($0), ramp) < ramp.peak }
        #expect(zip(bright, bright.dropFirst()).allSatisfy { seen[$1].luma > seen[$0].luma + 1 })
    }

    @Test("The output says that it is BT.709, and nothing of brightness", arguments: [ramps[1], ramps[2]])
    func tags(_ ramp: Ramp) throws {
        let output = workspace.url("output.mp4")
        let result = try RecastProgram.transcode(try makeRamp(ramp), to: output)
        try #require(result.status == 0, "\(result.errorText)")
        let video = try #require(try Judge.probe(output.path).video)
        #expect(video.colorSpace == "bt709" && video.colorTransfer == "bt709")
        #expect(video.colorPrimaries == "bt709" && video.colorRange == "tv")
        #expect(video.pixelFormat == "yuv420p")
        let all = String(
            decoding: try Tool.ffprobe.output(["-v", "error", "-show_streams", "-show_frames", output.path]),
            as: UTF8.self
        )
        #expect(all.contains("pix_fmt=yuv420p"))
        for word in ["Mastering", "Content light", "DOVI", "Dolby", "bt2020", "2094"] {
            #expect(!all.contains(word), "\(word)")
        }
    }

    @Test(
        "Dolby Vision without a base that others can show is refused, the same with one is not",
        .enabled(if: ProcessInfo.processInfo.environment["RECAST_MEDIA"] != nil)
    )
    func dolbyVision() throws {
        let folder = try #require(ProcessInfo.processInfo.environment["RECAST_MEDIA"])
        let clip = URL(fileURLWithPath: "\(folder)/phone-1080p30-hevc10-hlg-rot90-editlist.mp4")
        var data = try Data(contentsOf: clip)
        let box = try #require(data.range(of: Data("dvvC".utf8)))
        // Two bytes of version, then 7 bits of profile and 6 of level.
        let place = box.upperBound + 2
        #expect(data[place] >> 1 == 8)
        data[place] = 5 << 1 | data[place] & 1
        let input = workspace.url("input.mp4")
        try data.write(to: input)
        let places = try workspace.subfolder("out")
        let result = try RecastProgram.transcode(input.path, to: places.appendingPathComponent("o.mp4"))
        expectRefusal(result, status: 3, folder: places)
        #expect(result.errorText.contains("Dolby Vision of profile 5"))
    }

    /// Sixteen greys from black to the highest code, in ten bits.
    private func makeRamp(_ ramp: Ramp) throws -> String {
        let input = workspace.path("ramp-\(ramp.transfer)-\(Int(ramp.peak)).mp4")
        let luma = "64+floor(876*floor(X*\(Self.steps)/W)/\(Self.steps - 1)+0.5)"
        try Tool.ffmpeg.output([
            "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", "color=black:s=640x64:r=10:d=0.5",
            "-vf", "format=yuv420p10le,geq=lum='\(luma)':cb=512:cr=512", "-c:v", "libx265", "-preset",
            "ultrafast", "-pix_fmt", "yuv420p10le", "-tag:v", "hvc1", "-x265-params",
            "log-level=error:crf=2:colorprim=bt2020:colormatrix=bt2020nc:transfer=\(ramp.transfer)\(ramp.light)",
            "-color_primaries", "bt2020", "-colorspace", "bt2020nc", "-color_trc", ramp.transfer, input,
        ])
        return input
    }

    private func code(_ step: Int) -> Double { (876 * Double(step) / Double(Self.steps - 1)).rounded() / 876 }

    /// The well-known recipe, in full float and step by step, at the same white and peak.
    private func reference(_ ramp: Ramp) -> String {
        "zscale=tin=\(ramp.transfer):min=bt2020nc:pin=bt2020:rin=tv:t=linear:npl=203,format=gbrpf32le,"
            + "zscale=p=bt709,tonemap=mobius:param=0.3:desat=0:peak=\(ramp.peak / Self.white),"
            + "zscale=t=bt709:m=bt709:r=tv,format=yuv420p,lutyuv=y=clip(val\\,16\\,235)"
    }

    /// Light of a grey code on the reference display (ITU-R BT.2100, tables 4 and 5), in cd/m².
    private func nits(_ code: Double, _ ramp: Ramp) -> Double {
        if ramp.isHLG {
            let (a, b, c) = (0.17883277, 0.28466892, 0.55991073)
            let scene = code <= 0.5 ? code * code / 3 : (exp((code - c) / a) + b) / 12
            return 1000 * pow(scene, 1.2)
        }
        let power = pow(code, 32.0 / 2523)
        let linear = max(power - 3424.0 / 4096, 0) / (2413.0 / 128 - 2392.0 / 128 * power)
        return 10_000 * pow(linear, 16_384.0 / 2610)
    }

    /// The 8-bit luma of that light: linear to 0.3 of white, then rolled off, shown with a gamma of 2.4.
    private func luma(code: Double, _ ramp: Ramp) -> Double {
        let light = nits(code, ramp) / Self.white
        let peak = ramp.peak / Self.white
        let knee = 0.3
        let a = -knee * knee * (peak - 1) / (knee * knee - 2 * knee + peak)
        let b = (knee * knee - 2 * knee * peak + peak) / max(peak - 1, 1e-6)
        let scale = (b * b + 2 * b * knee + knee * knee) / (b - a)
        let mapped = light <= knee ? light : scale * (light + a) / (light + b)
        return 16 + 219 * pow(min(max(mapped, 0), 1), 1 / 2.4)
    }

    /// Luma and chroma in the middle of each grey of a picture.
    private func patches(_ path: String, graph: String) throws -> [(luma: Double, blue: Double, red: Double)]
    {
        let bytes = [UInt8](
            try Tool.ffmpeg.output([
                "-nostdin", "-v", "error", "-i", path, "-vf", "\(graph),format=yuv444p", "-frames:v", "1",
                "-f", "rawvideo", "-",
            ])
        )
        let size = bytes.count / 3
        let width = 640
        let height = size / width
        return (0..<Self.steps).map { step in
            let place = height / 2 * width + step * 40 + 20
            return (Double(bytes[place]), Double(bytes[size + place]), Double(bytes[2 * size + place]))
        }
    }
}
