//! `sacct`, run by us.

use std::io::Read as _;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::thread::JoinHandle;

use crate::telemetry::Input;
use crate::telemetry::SourceError;
use crate::time::Period;
use crate::time::UnixSeconds;

/// The columns that are asked for, free text last.
const FORMAT: &str = "--format=JobIDRaw,JobID,Cluster,Account,Partition,State,Start,End,ElapsedRaw,AllocTRES,JobName";

/// Bytes of what it says beside its output that are kept.
const MAX_SAID: u64 = 1 << 16;

/// A running `sacct`.
pub(super) struct Run {
    name: String,
    child: Child,
    said: Option<JoinHandle<String>>,
}

fn arguments(range: Period) -> Vec<String> {
    let time = |instant: UnixSeconds| instant.to_string().trim_end_matches('Z').to_owned();
    let (start, end) = (time(range.start()), time(range.end()));
    ["-a", "-X", "-D", "-P", "-S", &start, "-E", &end, FORMAT]
        .map(str::to_owned)
        .to_vec()
}

/// Returns what is run, word for word, whatever the program is called.
pub(super) fn query(range: Period) -> String {
    format!("TZ=UTC sacct {}", arguments(range).join(" "))
}

impl Run {
    pub(super) fn start(program: &Path, range: Period) -> Result<Self, SourceError> {
        let name = program.display().to_string();
        let started = Command::new(program)
            .args(arguments(range))
            .env("TZ", "UTC")
            .env_remove("SLURM_TIME_FORMAT")
            .env_remove("SACCT_FORMAT")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = started.map_err(|error| SourceError::Read {
            name: name.clone(),
            why: error.to_string(),
        })?;
        // Read beside the output: a program that says much waits until it was heard.
        let said = child.stderr.take().map(|mut stderr| {
            std::thread::spawn(move || {
                let mut said = Vec::new();
                let _ = (&mut stderr).take(MAX_SAID).read_to_end(&mut said);
                let _ = std::io::copy(&mut stderr, &mut std::io::sink());
                String::from_utf8_lossy(&said).into_owned()
            })
        });
        Ok(Self { name, child, said })
    }

    /// Returns its output, and itself to be waited for.
    pub(super) fn input(mut self) -> Result<(Input, Self), SourceError> {
        let output = self.child.stdout.take();
        let output = output.ok_or_else(|| self.fail("its output cannot be had".to_owned()))?;
        Ok((Input::new(self.name.clone(), output)?, self))
    }

    /// Waits until it has ended, which is an error unless it ended well.
    pub(super) fn end(mut self) -> Result<(), SourceError> {
        let status = self.child.wait();
        let status = status.map_err(|error| self.fail(error.to_string()))?;
        if status.success() {
            return Ok(());
        }
        let said = self.said.take().and_then(|said| said.join().ok());
        let said = said.unwrap_or_default();
        let first = said.lines().next().unwrap_or("nothing");
        Err(self.fail(format!("it ended with {status}, and said: {first}")))
    }

    fn fail(&self, why: String) -> SourceError {
        SourceError::Read {
            name: self.name.clone(),
            why,
        }
    }
}
