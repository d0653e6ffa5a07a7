internal import Foundation
internal import IsolatedEngine
internal import Transcoding

extension JobRunner {
    /// What is left to do for an output.
    enum OutputTask {
        case made(RenditionUpload.Made)
        case make(RenditionUpload)
    }

    func task(
        _ job: Job,
        _ index: Int,
        _ info: ObjectInfo
    ) async throws -> OutputTask {
        let output = job.outputs[index]
        let place = RenditionPlace(
            objects: objects,
            job: job,
            output: output,
            target: location(job, index)
        )
        if case .adopt(let info) = try await place.look(), var rendition = output.rendition {
            rendition.eTag = info.eTag
            return .made(RenditionUpload.Made(rendition: rendition, detected: nil))
        }
        let request = try await engineRequest(job, output, place.target)
        let preset = request.outputs[0].preset
        return .make(
            RenditionUpload(
                runner: self,
                request: request,
                place: place,
                attributes: ObjectAttributes(
                    contentType: preset.container.contentType(hasVideo: preset.video != nil),
                    metadata: RenditionMark(job: job, output: output, inputETag: info.eTag).metadata
                )
            )
        )
    }

    func source(_ job: Job, _ info: ObjectInfo) -> ObjectInput {
        ObjectInput(store: objects, location: job.input.location, info: info)
    }

    func location(_ job: Job, _ index: Int) -> ObjectLocation {
        ObjectLocation(bucket: job.outputBucket, key: job.objectKey(of: job.outputs[index]))
    }

    func engineRequest(
        _ job: Job,
        _ output: Job.Output,
        _ target: ObjectLocation
    ) async throws -> EngineRequest {
        var request = EngineRequest(
            inputName: job.input.location.description,
            outputs: [
                EngineRequest.Output(name: target.description, preset: try await presets(output.presetID))
            ],
            limits: settings.limits,
            threads: settings.threads
        )
        let span = output.timeSpan ?? job.input.timeSpan
        request.start = span?.start.flatMap(ClipTime.seconds)
        request.duration = span?.duration.flatMap(ClipTime.seconds)
        return request
    }
}

extension Job.Input {
    var location: ObjectLocation { ObjectLocation(bucket: bucket, key: key) }
}
