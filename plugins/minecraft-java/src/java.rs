//! Which Java runs which version, from which image, and with how much memory.
//!
//! Images are Eclipse Temurin's, by name: they exist for every Java that a version of Minecraft wants, which no one
//! distribution has; they are what people expect; and by name a rebuild brings security updates, which a digest in this
//! plugin would keep out for as long as nobody publishes another plugin. Who has no registry in reach names an image of
//! their own.

use gantry_plugin::prelude::*;

/// Those with long support, which Temurin keeps images of. A version that wants one between runs on the next.
const MAINTAINED: [u32; 5] = [8, 11, 17, 21, 25];

pub(crate) fn image(server: &Server) -> Image {
    match server.setting("java_image") {
        "" => Image::reference(&format!("eclipse-temurin:{}-jre", major(server))),
        own => Image::reference(own),
    }
}

/// As somebody chose it, as Mojang says, or as the version's number tells.
fn major(server: &Server) -> u32 {
    let chosen = server.setting("java").parse().ok();
    let wanted = chosen.or_else(|| server.fact("java").parse().ok());
    maintained(wanted.unwrap_or_else(|| of_version(server.setting("version"))))
}

fn maintained(wanted: u32) -> u32 {
    MAINTAINED.into_iter().find(|each| *each >= wanted).unwrap_or(wanted)
}

/// For servers that were installed without facts. Sources: release notes of 1.17, 1.18, 1.20.5 and 26.1.
fn of_version(version: &str) -> u32 {
    let mut numbers = version.split(['.', '-', ' ']).map(|part| part.parse::<u32>().ok());
    let mut next = || numbers.next().flatten();
    match (next(), next(), next().unwrap_or(0)) {
        (Some(1), Some(minor), patch) => match (minor, patch) {
            (..17, _) => 8,
            (17, _) => 16,
            (18 | 19, _) | (20, ..5) => 17,
            _ => 21,
        },
        (Some(26..), ..) => 25,
        // "latest", and snapshots.
        _ => 25,
    }
}

/// What the heap gets where memory is not limited.
const HEAP_WITHOUT_LIMIT: u32 = 2_048;
/// Beside the heap the machine keeps code, threads, buffers and the collector's own tables: a fifth, within bounds.
const LEAST_BESIDE: u32 = 256;
const MOST_BESIDE: u32 = 1_536;

/// In MiB: below the container's limit, so that Java ends with a word in the log before the kernel ends it without one.
pub(crate) fn heap(limit: u32) -> u32 {
    match limit {
        0 => HEAP_WITHOUT_LIMIT,
        limit => limit.saturating_sub((limit / 5).clamp(LEAST_BESIDE, MOST_BESIDE)).max(limit / 2).max(1),
    }
}

pub(crate) fn flags(server: &Server) -> Vec<String> {
    let mut flags = vec![
        format!("-Xmx{}M", heap(server.limits.memory)),
        // The garbage collector that pauses least at these sizes, told what a tick can bear.
        "-XX:+UseG1GC".to_owned(),
        "-XX:MaxGCPauseMillis=150".to_owned(),
        // A server that has run out may have lost part of a tick; one that ends is started again from its last save.
        "-XX:+ExitOnOutOfMemoryError".to_owned(),
        // Its own place for temporary files: from /tmp no library may be loaded.
        "-Djava.io.tmpdir=/data/.tmp".to_owned(),
        format!("-Duser.timezone={}", server.time_zone),
        // 1.17 to 1.18 have a logger that obeys what players write (CVE-2021-44228); of older ones see `run`.
        "-Dlog4j2.formatMsgNoLookups=true".to_owned(),
    ];
    flags.extend(server.setting("jvm_flags").split_whitespace().map(str::to_owned));
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heap_stays_below_the_limit() {
        let cases =
            [(0, 2_048), (256, 128), (512, 256), (1_024, 768), (4_096, 3_277), (16_384, 14_848), (1, 1)];
        for (limit, expected) in cases {
            assert_eq!(heap(limit), expected, "at {limit} MiB");
        }
    }

    #[test]
    fn each_version_has_the_java_that_it_wants() {
        let cases = [
            ("1.7.10", 8),
            ("1.16.5", 8),
            ("1.17.1", 17),
            ("1.18", 17),
            ("1.20.4", 17),
            ("1.20.5", 21),
            ("1.20.6-pre1", 21),
            ("1.21.11", 21),
            ("26.1", 25),
            ("latest", 25),
            ("25w03a", 25),
        ];
        for (version, expected) in cases {
            assert_eq!(maintained(of_version(version)), expected, "{version}");
        }
        assert_eq!(maintained(29), 29);
    }
}
