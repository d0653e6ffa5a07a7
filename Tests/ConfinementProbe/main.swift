import Foundation
import IsolatedEngine

// What code that took over a decoder would try. Each line says what was tried and whether it worked.

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

if CommandLine.arguments.dropFirst() == ["confined"] {
    let extent = try Confinement.enter()
    report("landlock", extent.forbidsFiles)
    report("seccomp", extent.forbidsCalls)
}
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
