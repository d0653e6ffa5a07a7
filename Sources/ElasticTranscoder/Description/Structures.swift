extension APIDescription {
    /// Structures of which pipelines and presets are made.
    static let structures: [Shape] = [
        .structure(
            "AudioCodecOptions",
            [
                "Profile": "AudioCodecProfile",
                "BitDepth": "AudioBitDepth",
                "BitOrder": "AudioBitOrder",
                "Signed": "AudioSigned",
            ]
        ),
        .structure(
            "AudioParameters",
            [
                "Codec": "AudioCodec",
                "SampleRate": "AudioSampleRate",
                "BitRate": "AudioBitRate",
                "Channels": "AudioChannels",
                "AudioPackingMode": "AudioPackingMode",
                "CodecOptions": "AudioCodecOptions",
            ]
        ),
        .structure(
            "Notifications",
            [
                "Progressing": "SnsTopic",
                "Completed": "SnsTopic",
                "Warning": "SnsTopic",
                "Error": "SnsTopic",
            ]
        ),
        .structure(
            "Permission",
            [
                "GranteeType": "GranteeType",
                "Grantee": "Grantee",
                "Access": "AccessControls",
            ]
        ),
        .structure(
            "Pipeline",
            [
                "Id": "Id",
                "Arn": "String",
                "Name": "Name",
                "Status": "PipelineStatus",
                "InputBucket": "BucketName",
                "OutputBucket": "BucketName",
                "Role": "Role",
                "AwsKmsKeyArn": "KeyArn",
                "Notifications": "Notifications",
                "ContentConfig": "PipelineOutputConfig",
                "ThumbnailConfig": "PipelineOutputConfig",
            ]
        ),
        .structure(
            "PipelineOutputConfig",
            [
                "Bucket": "BucketName",
                "StorageClass": "StorageClass",
                "Permissions": "Permissions",
            ]
        ),
        .structure(
            "Preset",
            [
                "Id": "Id",
                "Arn": "String",
                "Name": "Name",
                "Description": "Description",
                "Container": "PresetContainer",
                "Audio": "AudioParameters",
                "Video": "VideoParameters",
                "Thumbnails": "Thumbnails",
                "Type": "PresetType",
            ]
        ),
        .structure(
            "PresetWatermark",
            [
                "Id": "PresetWatermarkId",
                "MaxWidth": "PixelsOrPercent",
                "MaxHeight": "PixelsOrPercent",
                "SizingPolicy": "WatermarkSizingPolicy",
                "HorizontalAlign": "HorizontalAlign",
                "HorizontalOffset": "PixelsOrPercent",
                "VerticalAlign": "VerticalAlign",
                "VerticalOffset": "PixelsOrPercent",
                "Opacity": "Opacity",
                "Target": "Target",
            ]
        ),
        .structure(
            "Thumbnails",
            [
                "Format": "JpgOrPng",
                "Interval": "Digits",
                "Resolution": "ThumbnailResolution",
                "AspectRatio": "AspectRatio",
                "MaxWidth": "DigitsOrAuto",
                "MaxHeight": "DigitsOrAuto",
                "SizingPolicy": "SizingPolicy",
                "PaddingPolicy": "PaddingPolicy",
            ]
        ),
        .structure(
            "VideoParameters",
            [
                "Codec": "VideoCodec",
                "CodecOptions": "CodecOptions",
                "KeyframesMaxDist": "KeyframesMaxDist",
                "FixedGOP": "FixedGOP",
                "BitRate": "VideoBitRate",
                "FrameRate": "FrameRate",
                "MaxFrameRate": "MaxFrameRate",
                "Resolution": "Resolution",
                "AspectRatio": "AspectRatio",
                "MaxWidth": "DigitsOrAuto",
                "MaxHeight": "DigitsOrAuto",
                "DisplayAspectRatio": "AspectRatio",
                "SizingPolicy": "SizingPolicy",
                "PaddingPolicy": "PaddingPolicy",
                "Watermarks": "PresetWatermarks",
            ]
        ),
        .structure(
            "Warning",
            [
                "Code": "String",
                "Message": "String",
            ]
        ),
    ]
}
