extension APIDescription {
    /// Structures of which jobs are made.
    static let jobStructures: [Shape] = [
        .structure(
            "Artwork",
            [
                "InputKey": "WatermarkKey",
                "MaxWidth": "DigitsOrAuto",
                "MaxHeight": "DigitsOrAuto",
                "SizingPolicy": "SizingPolicy",
                "PaddingPolicy": "PaddingPolicy",
                "AlbumArtFormat": "JpgOrPng",
                "Encryption": "Encryption",
            ]
        ),
        .structure(
            "CaptionFormat",
            [
                "Format": "CaptionFormatFormat",
                "Pattern": "CaptionFormatPattern",
                "Encryption": "Encryption",
            ]
        ),
        .structure(
            "CaptionSource",
            [
                "Key": "LongKey",
                "Language": "Key",
                "TimeOffset": "TimeOffset",
                "Label": "Name",
                "Encryption": "Encryption",
            ]
        ),
        .structure(
            "Captions",
            [
                "MergePolicy": "CaptionMergePolicy",
                "CaptionSources": "CaptionSources",
                "CaptionFormats": "CaptionFormats",
            ]
        ),
        .structure(
            "Clip",
            [
                "TimeSpan": "TimeSpan"
            ]
        ),
        .structure(
            "CreateJobOutput",
            [
                "Key": "Key",
                "ThumbnailPattern": "ThumbnailPattern",
                "ThumbnailEncryption": "Encryption",
                "Rotate": "Rotate",
                "PresetId": "Id",
                "SegmentDuration": "FloatString",
                "Watermarks": "JobWatermarks",
                "AlbumArt": "JobAlbumArt",
                "Composition": "Composition",
                "Captions": "Captions",
                "Encryption": "Encryption",
            ]
        ),
        .structure(
            "CreateJobPlaylist",
            [
                "Name": "Filename",
                "Format": "PlaylistFormat",
                "OutputKeys": "OutputKeys",
                "HlsContentProtection": "HlsContentProtection",
                "PlayReadyDrm": "PlayReadyDrm",
            ]
        ),
        .structure(
            "DetectedProperties",
            [
                "Width": "NullableInteger",
                "Height": "NullableInteger",
                "FrameRate": "FloatString",
                "FileSize": "NullableLong",
                "DurationMillis": "NullableLong",
            ]
        ),
        .structure(
            "Encryption",
            [
                "Mode": "EncryptionMode",
                "Key": "Base64EncodedString",
                "KeyMd5": "Base64EncodedString",
                "InitializationVector": "ZeroTo255String",
            ]
        ),
        .structure(
            "HlsContentProtection",
            [
                "Method": "HlsContentProtectionMethod",
                "Key": "Base64EncodedString",
                "KeyMd5": "Base64EncodedString",
                "InitializationVector": "ZeroTo255String",
                "LicenseAcquisitionUrl": "ZeroTo512String",
                "KeyStoragePolicy": "KeyStoragePolicy",
            ]
        ),
        .structure(
            "InputCaptions",
            [
                "MergePolicy": "CaptionMergePolicy",
                "CaptionSources": "CaptionSources",
            ]
        ),
        .structure(
            "Job",
            [
                "Id": "Id",
                "Arn": "String",
                "PipelineId": "Id",
                "Input": "JobInput",
                "Inputs": "JobInputs",
                "Output": "JobOutput",
                "Outputs": "JobOutputs",
                "OutputKeyPrefix": "Key",
                "Playlists": "Playlists",
                "Status": "JobStatus",
                "UserMetadata": "UserMetadata",
                "Timing": "Timing",
            ]
        ),
        .structure(
            "JobAlbumArt",
            [
                "MergePolicy": "MergePolicy",
                "Artwork": "Artworks",
            ]
        ),
        .structure(
            "JobInput",
            [
                "Key": "LongKey",
                "FrameRate": "FrameRate",
                "Resolution": "Resolution",
                "AspectRatio": "AspectRatio",
                "Interlaced": "Interlaced",
                "Container": "JobContainer",
                "Encryption": "Encryption",
                "TimeSpan": "TimeSpan",
                "InputCaptions": "InputCaptions",
                "DetectedProperties": "DetectedProperties",
            ]
        ),
        .structure(
            "JobOutput",
            [
                "Id": "String",
                "Key": "Key",
                "ThumbnailPattern": "ThumbnailPattern",
                "ThumbnailEncryption": "Encryption",
                "Rotate": "Rotate",
                "PresetId": "Id",
                "SegmentDuration": "FloatString",
                "Status": "JobStatus",
                "StatusDetail": "Description",
                "Duration": "NullableLong",
                "Width": "NullableInteger",
                "Height": "NullableInteger",
                "FrameRate": "FloatString",
                "FileSize": "NullableLong",
                "DurationMillis": "NullableLong",
                "Watermarks": "JobWatermarks",
                "AlbumArt": "JobAlbumArt",
                "Composition": "Composition",
                "Captions": "Captions",
                "Encryption": "Encryption",
                "AppliedColorSpaceConversion": "String",
            ]
        ),
        .structure(
            "JobWatermark",
            [
                "PresetWatermarkId": "PresetWatermarkId",
                "InputKey": "WatermarkKey",
                "Encryption": "Encryption",
            ]
        ),
        .structure(
            "PlayReadyDrm",
            [
                "Format": "PlayReadyDrmFormatString",
                "Key": "NonEmptyBase64EncodedString",
                "KeyMd5": "NonEmptyBase64EncodedString",
                "KeyId": "KeyIdGuid",
                "InitializationVector": "ZeroTo255String",
                "LicenseAcquisitionUrl": "OneTo512String",
            ]
        ),
        .structure(
            "Playlist",
            [
                "Name": "Filename",
                "Format": "PlaylistFormat",
                "OutputKeys": "OutputKeys",
                "HlsContentProtection": "HlsContentProtection",
                "PlayReadyDrm": "PlayReadyDrm",
                "Status": "JobStatus",
                "StatusDetail": "Description",
            ]
        ),
        .structure(
            "TimeSpan",
            [
                "StartTime": "Time",
                "Duration": "Time",
            ]
        ),
        .structure(
            "Timing",
            [
                "SubmitTimeMillis": "NullableLong",
                "StartTimeMillis": "NullableLong",
                "FinishTimeMillis": "NullableLong",
            ]
        ),
    ]
}
