internal import Transcoding

extension Description {
    static func fields(_ damage: InputDamage) -> [String: any Sendable] {
        var fields: [String: any Sendable] = [
            "pictureErrors": damage.pictureErrors, "lostPictures": damage.lostPictures,
            "soundErrors": damage.soundErrors, "containerErrors": damage.containerErrors,
            "missingSeconds": damage.missingSeconds, "tolerable": damage.isTolerable,
        ]
        if let failure = damage.readFailure { fields["readFailure"] = failure }
        return fields
    }
}
