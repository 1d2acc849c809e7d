import CSystem

/// A value that several threads share, behind a POSIX mutex. (Synchronization's Mutex does not exist in Embedded Swift
/// on Linux.)
public final class Lock<Value>: @unchecked Sendable {
    private var value: Value
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>

    public init(_ value: sending Value) {
        self.value = value
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        changed = .allocate(capacity: 1)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // The wall clock may jump; a wait's deadline must not.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(changed, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(changed)
        changed.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    public func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value)
    }

    /// Sleeps until `ready` returns a result for the value, which is looked at again after every `notify`. Nil when the
    /// deadline passes first.
    public func wait<Result>(until deadline: Deadline, for ready: (inout Value) -> Result?) -> Result? {
        // Who has nothing to wait for is not held up.
        withLock(ready) ?? blocking { sleep(until: deadline, for: ready) }
    }

    private func sleep<Result>(until deadline: Deadline, for ready: (inout Value) -> Result?) -> Result? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        var limit = deadline.timespec
        while true {
            if let result = ready(&value) { return result }
            if pthread_cond_timedwait(changed, mutex, &limit) == ETIMEDOUT { return ready(&value) }
        }
    }

    /// Wakes everyone who waits.
    public func notify() {
        pthread_cond_broadcast(changed)
    }
}
