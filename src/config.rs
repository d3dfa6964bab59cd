//! Limits and their defaults, in one place.

/// What bounds a conversation and its files (invariant I11 of the design).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// A prompt, in bytes of UTF-8.
    pub prompt_bytes: usize,
    /// A text file, in bytes.
    pub text_file_bytes: usize,
    /// A file that is not UTF-8, in bytes.
    pub binary_file_bytes: usize,
    /// Files of one app.
    pub files: usize,
    /// All files of one app together, in bytes.
    pub total_bytes: u64,
    /// Model calls of one turn.
    pub steps: u32,
    /// Repairs of one turn.
    pub repairs: u32,
    /// Answers in a row that may be cut off by their limit before a turn ends.
    pub cut_offs: u32,
    /// Packages that the calls of one step may ask the builder about: each question has the app's lock file in it, and the
    /// registry takes its time.
    pub step_packages: usize,
    /// Wall time of one turn, in milliseconds.
    pub turn_millis: u64,
    /// An app's name, in characters.
    pub name_chars: usize,
    /// Messages that wait while a turn runs.
    pub queued_messages: usize,
    /// Images of one message.
    pub attachments: usize,
    /// Builds of one app that are not over.
    pub active_builds: usize,
    /// Deployments to one environment that are not over.
    pub waiting_deployments: usize,
    /// Domains of one app, besides its own.
    pub domains: usize,
    /// Variables of one environment.
    pub variables: usize,
    /// A variable's value, in bytes.
    pub variable_bytes: usize,
}

impl Limits {
    /// The defaults of the design.
    pub const DEFAULT: Self = Self {
        prompt_bytes: 64 * 1024,
        text_file_bytes: 512 * 1024,
        binary_file_bytes: 5 * 1024 * 1024,
        files: 1_000,
        total_bytes: 20 * 1024 * 1024,
        steps: 40,
        repairs: 5,
        cut_offs: 3,
        step_packages: 8,
        turn_millis: 20 * 60 * 1_000,
        name_chars: 80,
        queued_messages: 50,
        attachments: 8,
        active_builds: 20,
        waiting_deployments: 10,
        domains: 10,
        variables: 64,
        variable_bytes: 4 * 1024,
    };
}

/// How builds are tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildPolicy {
    /// Attempts before a build fails for want of a builder.
    pub attempts: u32,
    /// Claims that may lapse before a build fails: a consumer that dies is no fault of the builder's, but a build may be
    /// what ends it.
    pub lapses: u32,
    /// How long a consumer may be silent before its build is given to another, in milliseconds.
    pub lease_millis: u64,
    /// How long a message may wait in the queue before it is sent again, in milliseconds.
    pub queue_millis: u64,
    /// The wait after the first failed attempt, doubled after each, in milliseconds.
    pub backoff_millis: u64,
    /// The longest wait before another attempt, whatever a busy builder asks for, in milliseconds.
    pub longest_wait_millis: u64,
    /// How long the files of a build that came out of the build cache stay there alone, in milliseconds: until the preview was
    /// looked at, which they would only hold up.
    pub copy_millis: u64,
    /// How long a build may wait and run, all attempts together, in milliseconds.
    pub build_millis: u64,
}

impl BuildPolicy {
    /// The defaults: six attempts over half a minute, a lease of twelve seconds, twenty minutes in all.
    pub const DEFAULT: Self = Self {
        attempts: 6,
        lapses: 20,
        lease_millis: 12_000,
        queue_millis: 15_000,
        backoff_millis: 1_000,
        longest_wait_millis: 60_000,
        copy_millis: 1_000,
        build_millis: 20 * 60 * 1_000,
    };

    /// The wait after the `attempt`th failed attempt, from 1, in milliseconds.
    #[must_use]
    pub fn backoff(&self, attempt: u32) -> u64 {
        self.backoff_millis
            .saturating_mul(1 << attempt.saturating_sub(1).min(6))
            .min(self.longest_wait_millis)
    }
}
