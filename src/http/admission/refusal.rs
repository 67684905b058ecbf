//! Why a pod is not let in.

/// The most faults in one message.
const FAULTS_MAX: usize = 8;

/// Why a pod is not let in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// 400: the pod's annotations are wrong. 403: the rest of the pod prevents an injection.
    pub(super) code: u16,
    pub(super) faults: Vec<String>,
}

impl Refusal {
    pub(super) fn bad(fault: impl Into<String>) -> Self {
        Self::all_bad(vec![fault.into()])
    }

    pub(super) const fn all_bad(faults: Vec<String>) -> Self {
        Self { code: 400, faults }
    }

    pub(super) const fn all_forbidden(faults: Vec<String>) -> Self {
        Self { code: 403, faults }
    }

    pub(super) fn message(&self) -> String {
        let mut message = format!("daypass: {}", self.faults.iter().take(FAULTS_MAX).cloned().collect::<Vec<_>>().join("; "));
        if self.faults.len() > FAULTS_MAX {
            message.push_str(&format!("; and {} more", self.faults.len() - FAULTS_MAX));
        }
        message
    }
}
