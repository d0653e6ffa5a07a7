internal import CProcess

/// The pages of the program's own file and its libraries'.
package enum ProgramPages {
    /// Gives back those that are as they are in the files.
    ///
    /// Loading a hundred libraries touches some 60 MB of them, of which half is needed afterwards: that comes back
    /// from the kernel's cache. It opens no file.
    ///
    /// - Returns: how many bytes of addresses the pages take, whether they were resident or not.
    @discardableResult
    package static func release() -> Int { recast_release_images() }
}
