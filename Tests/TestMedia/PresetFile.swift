package import Foundation

/// A preset's JSON document for tests, with one thing or another changed.
package struct PresetFile {
    package var container = "mp4"
    package var video: [String: Any] = [
        "Codec": "H.264", "KeyframesMaxDist": "90", "FixedGOP": "false", "BitRate": "2200",
        "FrameRate": "30", "MaxWidth": "1280", "MaxHeight": "720", "DisplayAspectRatio": "auto",
        "SizingPolicy": "ShrinkToFit", "PaddingPolicy": "NoPad",
    ]
    package var options = [
        "Profile": "main", "Level": "4", "MaxReferenceFrames": "3", "InterlacedMode": "Progressive",
        "ColorSpaceConversionMode": "None",
    ]
    package var engine: [String: Any] = [:]

    package init() {}

    /// A preset with pictures in a box, placed by the given policies.
    package init(_ sizing: String, _ padding: String, width: Int, height: Int) {
        video["SizingPolicy"] = sizing
        video["PaddingPolicy"] = padding
        video["MaxWidth"] = "\(width)"
        video["MaxHeight"] = "\(height)"
    }

    /// Writes the document and returns its path.
    package func write(_ url: URL) throws -> String {
        var video = video
        video["CodecOptions"] = options
        var document: [String: Any] = [
            "Id": "test", "Name": "test", "Container": container, "Video": video,
            "Audio": [
                "Codec": "AAC", "SampleRate": "44100", "BitRate": "128", "Channels": "2",
                "CodecOptions": ["Profile": "AAC-LC"],
            ],
        ]
        if !engine.isEmpty { document["Engine"] = engine }
        try JSONSerialization.data(withJSONObject: document).write(to: url)
        return url.path
    }
}
