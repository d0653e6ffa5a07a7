import Foundation
import Jobs
import TestMedia
import TestServers
import Testing

@testable import AWSBackend

/// What a server makes of the CloudFormation template.
struct Stack {
    static let template = Samples.packageRoot.appendingPathComponent("deploy/cloudformation.yaml").path

    let plan: AWSSetup.Plan
    let outputs: [String: String]

    /// Makes all of it, a bucket and a topic included, under names nobody else uses.
    static func make(_ account: Account) async throws -> Stack {
        var values = ["CreateInputBucket": "true", "InputPrefix": "in/"]
        let names = [
            "InputBucketName", "QueueName", "DeadLetterQueueName", "TableName", "ResponsesTableName",
            "TopicName",
        ]
        for name in names { values[name] = Account.unique("stack") }
        let parameters = values.map { name, value -> JSON in
            ["ParameterKey": .string(name), "ParameterValue": .string(value)]
        }
        let name = JSON.string(Account.unique("recast"))
        _ = try await account.boto.call(
            "cloudformation",
            "create_stack",
            [
                "StackName": name, "Parameters": .array(parameters), "Capabilities": ["CAPABILITY_IAM"],
                "TemplateBody": .string(try String(contentsOfFile: template, encoding: .utf8)),
            ]
        )
        let outputs = try await outputs(account, name)
        var plan = AWSSetup.Plan(
            bucket: values["InputBucketName"] ?? "",
            queueURL: try #require(outputs["QueueURL"])
        )
        plan.prefix = "in/"
        plan.deadLetterURL = outputs["DeadLetterQueueURL"]
        plan.table = values["TableName"] ?? ""
        plan.responses = values["ResponsesTableName"] ?? ""
        return Stack(plan: plan, outputs: outputs)
    }

    private static func outputs(_ account: Account, _ name: JSON) async throws -> [String: String] {
        for _ in 0..<1000 {
            let answer = try await account.boto.call("cloudformation", "describe_stacks", ["StackName": name])
            let state = answer["Stacks"]?.elements.first
            let status = state?["StackStatus"]?.string ?? ""
            guard status.hasSuffix("_IN_PROGRESS") else {
                try #require(status == "CREATE_COMPLETE")
                let outputs = state?["Outputs"]?.elements ?? []
                return Dictionary(
                    outputs.map { ($0["OutputKey"]?.string ?? "", $0["OutputValue"]?.string ?? "") }
                ) { $1 }
            }
        }
        throw BackendError(.unavailable, "the stack is not complete")
    }
}
