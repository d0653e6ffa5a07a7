package import Foundation

/// How to make a clip with numbered pictures and a beep each second, as `samples/make-samples.sh` does.
package struct ClipRecipe: Sendable {
    package var width = 640
    package var height = 360
    package var rate = 30
    package var seconds = 2
    package var hasSound = true

    package init(width: Int = 640, height: Int = 360, seconds: Int = 2, hasSound: Bool = true) {
        self.width = width
        self.height = height
        self.seconds = seconds
        self.hasSound = hasSound
    }

    private var graph: String {
        let timing = "rate=\(rate):duration=\(seconds)"
        let video = """
            testsrc2=size=\(width)x\(height):\(timing),format=yuv420p[back];\
            color=black:size=16x16:\(timing),format=yuv420p,\
            geq=lum='if(mod(floor(N/pow(2,X)),2),235,16)':cb=128:cr=128,\
            scale=\(width):\(height)/10:flags=neighbor,setsar=1[strip];\
            [back][strip]overlay=0:0:format=yuv420[v]
            """
        let beep = "if(lt(mod(t\\,1)\\,0.05)\\,0.3*sin(2*PI*1000*t)\\,0)"
        return hasSound ? "\(video);aevalsrc=exprs=\(beep)|\(beep):c=stereo:s=48000:d=\(seconds)[a]" : video
    }

    /// Arguments for ffmpeg; options of the container and the path may follow.
    package var arguments: [String] {
        ["-filter_complex", graph, "-map", "[v]"] + (hasSound ? ["-map", "[a]", "-c:a", "aac"] : [])
            + ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "30"]
    }

    /// Makes the clip, played `loops` times over.
    @discardableResult
    package func make(_ url: URL, loops: Int = 1) throws -> String {
        let quiet = ["-nostdin", "-v", "error", "-y"]
        guard loops > 1 else {
            try Tool.ffmpeg.output(quiet + arguments + [url.path])
            return url.path
        }
        let workspace = try Workspace()
        let once = try make(workspace.url("once.mp4"))
        try Tool.ffmpeg.output(
            quiet + ["-stream_loop", "\(loops - 1)", "-i", once, "-c", "copy", url.path]
        )
        return url.path
    }
}
