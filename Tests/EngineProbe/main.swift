import Foundation
import IsolatedEngine
import Synchronization
import Transcoding

private func report(_ what: String, _ worked: Bool) {
    FileHandle.standardOutput.write(Data("\(what): \(worked ? "worked" : "denied")\n".utf8))
}

private func opens(_ path: String, _ flags: Int32 = O_RDONLY) -> Bool { open(path, flags, 0o600) >= 0 }

private func connects() -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return false }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(9).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let status = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    return status == 0 || errno == ECONNREFUSED
}

private func runs(_ program: String) -> Bool {
    var child = pid_t()
    var arguments: [UnsafeMutablePointer<CChar>?] = [strdup(program), nil]
    return posix_spawn(&child, program, nil, nil, &arguments, nil) == 0
}

/// What code that took over a decoder would try; each line says what was tried and whether it worked.
private func tryEverything() {
    let parent = getppid()
    report("read /etc/passwd", opens("/etc/passwd"))
    report("read its environment", opens("/proc/self/environ"))
    report("read the parent's memory", opens("/proc/\(parent)/mem") || opens("/proc/\(parent)/environ"))
    report("create a file", opens("/tmp/recast-confinement-probe-\(getpid())", O_WRONLY | O_CREAT))
    report("list a folder", opendir("/") != nil)
    report("connect by TCP", connects())
    report("run a program", runs("/bin/true"))
    report("signal its parent", kill(parent, 0) == 0)
    report("become root", geteuid() == 0 || setuid(0) == 0)
    report(
        "raise its core limit",
        {
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
            return limit.rlim_max > 0
        }()
    )
    unlink("/tmp/recast-confinement-probe-\(getpid())")
}

private struct LocalInput: AsyncInput {
    let handle: FileHandle
    let byteCount: Int64

    func read(_ range: Range<Int64>) async throws -> Data {
        var data = Data(count: range.count)
        let got = data.withUnsafeMutableBytes {
            pread(handle.fileDescriptor, $0.baseAddress, $0.count, off_t(range.lowerBound))
        }
        return data.prefix(max(0, got))
    }
}

private struct LocalOutput: AsyncOutput {
    let handle: FileHandle

    func write(_ data: Data, at offset: Int64) async throws {
        _ = data.withUnsafeBytes { pwrite(handle.fileDescriptor, $0.baseAddress, $0.count, off_t(offset)) }
    }
}

private func print(line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

/// Runs the engine as a worker would; prints its process at the first progress, and then what this one used.
private func transcode(_ program: String, _ input: String, _ output: String) async throws {
    let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../..").standardized
    let presets = PresetLibrary(folders: [root.appendingPathComponent("presets")])
    let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: input))
    let source = LocalInput(handle: handle, byteCount: Int64(try handle.seekToEnd()))
    try Data().write(to: URL(fileURLWithPath: output))
    let target = LocalOutput(handle: try FileHandle(forWritingTo: URL(fileURLWithPath: output)))
    let wasPrinted = Mutex(false)
    let results = try await EngineProcess(executable: program).run(
        EngineRequest(
            inputName: "input",
            outputs: [.init(name: "output", preset: presets.preset("web"))]
        ),
        input: source,
        output: .streams([target])
    ) { _ in
        let isFirst = wasPrinted.withLock { printed in
            defer { printed = true }
            return !printed
        }
        if isFirst { for child in children() { print(line: "\(child)") } }
    }
    var usage = rusage()
    getrusage(__rusage_who_t(0), &usage)
    print(line: "pictures: \(results[0].frameCount)")
    print(line: "seconds: \(results[0].wallSeconds), CPU \(results[0].cpuSeconds)")
    print(line: "peak of the parent: \(usage.ru_maxrss / 1024) MiB")
}

private func children() -> [pid_t] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return all.compactMap { pid_t($0) }.filter { process in
        let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        let fields = status?.split(separator: ")").last?.split(separator: " ") ?? []
        return fields.count > 1 && fields[1] == "\(getpid())"
    }
}

let arguments = CommandLine.arguments
switch arguments.dropFirst().first {
case "confined":
    let extent = try Confinement.enter()
    report("landlock", extent.forbidsFiles)
    report("seccomp", extent.forbidsCalls)
    tryEverything()
case "open": tryEverything()
case "transcode" where arguments.count == 5:
    do { try await transcode(arguments[2], arguments[3], arguments[4]) } catch {
        print(line: "failed: \(error)")
        exit(1)
    }
default: exit(2)
}
