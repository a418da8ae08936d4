import CMalloc

/// How the C library's allocator treats large blocks.
enum Allocator {
    /// Keeps freed blocks for the next batch. By default each batch's buffers come from the kernel and go back to it, and the
    /// kernel clears every page of them anew.
    static func keepLargeBlocks() {
        _ = mallopt(M_MMAP_THRESHOLD, 32 << 20)
        _ = mallopt(M_TRIM_THRESHOLD, 64 << 20)
    }
}
