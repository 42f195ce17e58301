//! How many connections the system allows the program: each is an open file.

/// Files for everything else: the store, the listener, connections to servers, the runtime's own.
const RESERVED: u64 = 64;

/// As many of the `wanted` connections as fit, after raising the limit on open files as far as a process may.
pub(crate) fn connections(wanted: usize) -> usize {
    let files = u64::try_from(wanted).unwrap_or(u64::MAX).saturating_add(RESERVED);
    let allowed = match rlimit::increase_nofile_limit(files) {
        Ok(allowed) => allowed,
        Err(error) => {
            tracing::warn!("the limit on open files is unknown: {error}");
            return wanted;
        }
    };
    let room = usize::try_from(allowed.saturating_sub(RESERVED)).unwrap_or(usize::MAX).max(1);
    if room < wanted {
        tracing::warn!(
            "the system allows {allowed} open files: {room} connections instead of {wanted}"
        );
    }
    wanted.min(room)
}
