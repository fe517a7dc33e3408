//! Checks of the computer: its clock, its limits, its memory, its heat and its power.

use std::fs::read_to_string;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use futures::future::BoxFuture;

use super::{Case, Check, Finding, far, quick};
use crate::platform::trust::Roots;

pub(super) const CHECKS: &[Check] = &[
    quick("clock-kept", "Clock kept", clock_kept),
    far("clock", "Clock against the world", clock),
    quick("time-zone", "Time zone", time_zone),
    quick("open-files", "Open files", open_files),
    quick("memory", "Memory", memory),
    quick("temperature", "Temperature", temperature),
    quick("power", "Power", power),
];

/// systemd's time service says that it has found the time; chrony runs where its folder is.
fn clock_kept(_: &Case) -> Finding {
    let there = |path: &str| Path::new(path).exists();
    if there("/run/systemd/timesync/synchronized") || there("/run/chrony") {
        return Finding::ok("The clock is kept by the network.");
    }
    if !there("/run/systemd/system") {
        return Finding::skipped(
            "Who keeps this machine's clock does not show here (a container has its host's).",
        );
    }
    let rtc = match there("/dev/rtc0") || there("/sys/class/rtc/rtc0") {
        true => "It has a clock of its own that runs on without power.",
        false => "Without power it forgets the time.",
    };
    Finding::warn(
        format!("Nothing seems to keep the clock of this machine right. {rtc}"),
        "`timedatectl set-ntp true`",
    )
}

fn clock(case: Case) -> BoxFuture<'static, Finding> {
    Box::pin(async move {
        let login = case
            .config
            .kafka
            .as_ref()
            .and_then(|kafka| kafka.login.as_ref());
        let own = case
            .config
            .public_url
            .clone()
            .filter(|url| url.starts_with("https:"));
        let Some(url) = login.map(|login| login.token_url.clone()).or(own) else {
            return Finding::skipped("Nobody far away is known who could be asked for the time.");
        };
        match ask_for_time(&case, &url).await {
            Ok(ahead) => judge_clock(ahead),
            Err(error) => {
                Finding::skipped(format!("Nobody could be asked for the time: {error:#}."))
            }
        }
    })
}

/// How far our clock is ahead of the one at `url`, which tells whole seconds.
async fn ask_for_time(case: &Case, url: &str) -> anyhow::Result<TimeDelta> {
    let ca = case
        .config
        .kafka
        .as_ref()
        .and_then(|kafka| kafka.ca.clone());
    let client = Roots::load(ca.as_deref())?.client()?;
    let before = case.clock.wall();
    let answer = client.head(url).send().await?;
    let after = case.clock.wall();
    let date = answer
        .headers()
        .get("date")
        .and_then(|date| date.to_str().ok());
    let date = DateTime::parse_from_rfc2822(date.unwrap_or_default())?.with_timezone(&Utc);
    Ok(before + (after - before) / 2 - (date + TimeDelta::milliseconds(500)))
}

fn judge_clock(ahead: TimeDelta) -> Finding {
    let off = ahead.abs().as_seconds_f64();
    let way = match ahead < TimeDelta::zero() {
        true => "behind",
        false => "ahead",
    };
    let words = format!("{off:.1} s {way} of the world.");
    let remedy = "`timedatectl set-ntp true`; a Pi without battery needs the network at its start.";
    match off {
        // The answer tells whole seconds.
        ..1.6 => Finding::ok(format!(
            "Right, as far as an answer's date tells ({off:.1} s)."
        )),
        ..30.0 => Finding::warn(words, remedy),
        _ => Finding::fault(
            format!("{words} Logins, codes and what members see of tonight are wrong."),
            remedy,
        ),
    }
}

fn time_zone(case: &Case) -> Finding {
    let set = case.config.time_zone;
    let link = std::fs::read_link("/etc/localtime").unwrap_or_default();
    let of_machine = link
        .to_string_lossy()
        .split_once("zoneinfo/")
        .map(|(_, zone)| zone.to_owned());
    match of_machine.filter(|zone| zone.parse::<Tz>().is_ok() && !is_utc(zone)) {
        Some(zone) if set == Tz::UTC => Finding::warn(
            format!("Letters and pages tell times in UTC; this machine lives in {zone}."),
            format!("time_zone = \"{zone}\""),
        ),
        _ => Finding::ok(format!("{}.", set.name())),
    }
}

fn is_utc(zone: &str) -> bool {
    matches!(
        zone,
        "UTC" | "Etc/UTC" | "Etc/UCT" | "UCT" | "Universal" | "Zulu"
    )
}

/// One file a visitor, 4096 visitors at once.
fn open_files(case: &Case) -> Finding {
    let process = case
        .server
        .as_ref()
        .map_or_else(|| "self".into(), |said| said.pid.to_string());
    let Ok(limits) = read_to_string(format!("/proc/{process}/limits")) else {
        return Finding::skipped("The desk's limits cannot be read by this user.");
    };
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    let limit = line
        .and_then(|line| line.split_whitespace().next())
        .unwrap_or_default();
    match limit.parse::<u64>() {
        Ok(few) if few < 4500 && case.server.is_some() => Finding::warn(
            format!(
                "The desk may have {few} files and connections open; more visitors than that find it closed."
            ),
            "LimitNOFILE=65536 in its unit (`grb-app unit` prints one that has it).",
        ),
        Ok(few) if few < 4500 => Finding::ok(format!(
            "{few} here at the terminal; the service has its own limit."
        )),
        _ if limit.is_empty() => Finding::skipped("The desk's limits do not name this one."),
        _ => Finding::ok(format!(
            "{limit} files and connections may be open at once."
        )),
    }
}

fn memory(_: &Case) -> Finding {
    let Ok(text) = read_to_string("/proc/meminfo") else {
        return Finding::skipped(
            "The service may not see the machine's memory; `grb-app doctor` at a terminal does.",
        );
    };
    let of = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key))?;
        line.trim()
            .trim_end_matches(" kB")
            .trim()
            .parse::<u64>()
            .ok()
    };
    let (Some(all), Some(free)) = (of("MemTotal:"), of("MemAvailable:")) else {
        return Finding::skipped("The machine does not tell its memory.");
    };
    let gigabytes = |kilobytes: u64| kilobytes as f64 / 1_048_576.0;
    let words = format!(
        "{:.1} of {:.1} GB are free for use.",
        gigabytes(free),
        gigabytes(all)
    );
    match free < 64 * 1024 || free < all / 20 {
        true => Finding::warn(words, "End what is not needed: `ps aux --sort=-rss | head`"),
        false => Finding::ok(words),
    }
}

/// A Pi slows down at 80 °C.
fn temperature(_: &Case) -> Finding {
    let zones = std::fs::read_dir("/sys/class/thermal")
        .into_iter()
        .flatten()
        .flatten();
    let hottest = zones
        .filter_map(|zone| {
            read_to_string(zone.path().join("temp"))
                .ok()?
                .trim()
                .parse::<i64>()
                .ok()
        })
        .max();
    match hottest.map(|thousandths| thousandths / 1000) {
        None => Finding::skipped("This machine has no thermometer that tells."),
        Some(hot @ 80..) => Finding::warn(
            format!("{hot} °C: it slows itself down."),
            "Give it a heat sink or a fan, and air; a closed dome in the sun is an oven.",
        ),
        Some(fine) => Finding::ok(format!("{fine} °C.")),
    }
}

/// The Pi's firmware keeps bits: 0 under-voltage now, 16 under-voltage since the start.
fn power(_: &Case) -> Finding {
    let found = read_to_string("/sys/devices/platform/soc/soc:firmware/get_throttled").ok();
    let Some(bits) = found.and_then(|text| u32::from_str_radix(text.trim(), 16).ok()) else {
        return Finding::skipped("Not a Raspberry Pi, or it does not tell of its power.");
    };
    judge_power(bits)
}

fn judge_power(bits: u32) -> Finding {
    let remedy =
        "Use the power supply made for this Pi and a short cable; cards break by power that drops.";
    match (bits & 1, bits & (1 << 16)) {
        (1, _) => Finding::fault("Too little voltage right now.", remedy),
        (_, 0) => Finding::ok("Enough voltage since the start."),
        _ => Finding::warn("There was too little voltage since the last start.", remedy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::doctor::Verdict;

    #[test]
    fn a_clock_is_judged_by_how_far_it_is_off_either_way() {
        let verdict = |ms| judge_clock(TimeDelta::milliseconds(ms)).verdict;
        assert_eq!([verdict(900), verdict(-900)], [Verdict::Ok; 2]);
        assert_eq!([verdict(5_000), verdict(-5_000)], [Verdict::Warn; 2]);
        assert_eq!([verdict(90_000), verdict(-3_600_000)], [Verdict::Fault; 2]);
    }

    #[test]
    fn the_firmwares_bits_tell_of_now_and_of_before() {
        let verdicts = [0, 0x5_0000, 0x5_0005, 0x8_0008].map(|bits| judge_power(bits).verdict);
        assert_eq!(
            verdicts,
            [Verdict::Ok, Verdict::Warn, Verdict::Fault, Verdict::Ok]
        );
    }
}
