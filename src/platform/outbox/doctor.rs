//! Checks of the way for letters: the relay up to its door, what the sender's domain says of itself, and what waits.

use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;
use futures::future::BoxFuture;

use super::settings::{Relay, Way};
use super::smtp::Post;
use super::{dns, store};
use crate::platform::doctor::{Case, Check, Finding, far, quick};
use crate::platform::scrub::without_addresses;

/// What is looked at of the outbox.
pub fn checks() -> Vec<Check> {
    vec![
        far("mail", "Mail relay", |case| Box::pin(relay(case))),
        far("mail-domain", "Sender's domain", sender),
        quick("outbox", "Outbox", queue),
    ]
}

/// Name, connection, encryption and login as for a letter, without one.
async fn relay(case: Case) -> Finding {
    match &case.config.mail.way {
        _ if !case.config.mail.goes_out => Finding::skipped("In a demonstration no letter leaves."),
        Way::Off => Finding::warn(
            "No way for letters is set: they wait in the outbox, and nobody hears of a burst.",
            "Set smtp_url, e.g. smtp://user:password@mail.example.org:587?tls=required; then `grb-app admin mail test --to YOU`.",
        ),
        Way::Folder(folder) => match tempfile::tempfile_in(folder) {
            Ok(_) => Finding::ok(format!("Letters go into {}.", folder.display())),
            Err(error) => Finding::fault(
                format!("Letters cannot be put into {}: {error}.", folder.display()),
                "Make the folder, and let the user of the service write there.",
            ),
        },
        Way::Relay(relay) => call(relay).await,
    }
}

async fn call(relay: &Relay) -> Finding {
    let steps = Mutex::new(Vec::new());
    let tell = |step: &str, words: &str| {
        let mut steps = steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps.push((step.to_owned(), words.to_owned()));
    };
    let called = Post::new(relay.clone()).call(&tell).await;
    let steps = steps.into_inner().unwrap_or_else(PoisonError::into_inner);
    let tls = steps.iter().rfind(|(step, _)| step == "TLS");
    let how = tls.map_or("not encrypted", |(_, words)| words.as_str());
    let login = match relay.login {
        Some(_) => "took the login",
        None => "asks for no login",
    };
    match called {
        Ok(()) => Finding::ok(format!("{} answers and {login} ({how}).", relay.place())),
        Err(fault) => Finding::fault(format!("{fault}."), fault.remedy(relay)),
    }
}

fn sender(case: Case) -> BoxFuture<'static, Finding> {
    Box::pin(async move {
        let Way::Relay(relay) = &case.config.mail.way else {
            return Finding::skipped("Letters do not go out by a relay.");
        };
        let domain = case.config.mail.from.email.domain().to_owned();
        if !domain.contains('.')
            || domain.starts_with('[')
            || super::settings::is_loopback(&relay.host)
        {
            return Finding::skipped(format!(
                "{domain} by {} is no matter of the public DNS.",
                relay.host
            ));
        }
        let spf = dns::texts(&domain).await;
        let dmarc = dns::texts(&format!("_dmarc.{domain}")).await;
        match (spf, dmarc) {
            (Ok(spf), Ok(dmarc)) => judge(&domain, &spf, &dmarc),
            (Err(error), _) | (_, Err(error)) => Finding::skipped(format!(
                "What {domain} says of its mail could not be asked: {error:#}."
            )),
        }
    })
}

/// Large mail services sort out what comes from a domain without either (RFC 7208, RFC 7489).
fn judge(domain: &str, spf: &[String], dmarc: &[String]) -> Finding {
    let has = |texts: &[String], mark: &str| {
        texts.iter().any(|text| {
            text.get(..mark.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(mark))
        })
    };
    let missing: Vec<&str> = [
        ("SPF", has(spf, "v=spf1")),
        ("DMARC", has(dmarc, "v=DMARC1")),
    ]
    .into_iter()
    .filter_map(|(name, there)| (!there).then_some(name))
    .collect();
    if missing.is_empty() {
        return Finding::ok(format!("{domain} publishes SPF and DMARC."));
    }
    Finding::warn(
        format!(
            "{domain} publishes no {}; many mail services take such letters for spam.",
            missing.join(" and no ")
        ),
        "Whoever keeps the domain adds the TXT records that the mail provider names; or set mail_from to an address of a domain that has them.",
    )
}

/// How long the oldest letter or push waits that could have left.
fn queue(case: &Case) -> Finding {
    if !case.config.mail.goes_out {
        return Finding::skipped("In a demonstration letters stay here, to be read.");
    }
    let now = case.clock.now();
    case.in_db(|conn| {
        let Some(oldest) = store::oldest(conn, now)? else {
            return Ok(Finding::ok("Nothing waits that should have left."));
        };
        let (age, attempts) = (now - oldest.since, oldest.attempts);
        let why = oldest
            .answer
            .filter(|_| attempts > 0)
            .map(|answer| format!(" After {attempts} attempts: {}", without_addresses(&answer)));
        let waited = match age.num_minutes() {
            minutes @ ..120 => format!("{minutes} min"),
            minutes => format!("{} h", minutes / 60),
        };
        let words = format!(
            "The oldest has waited for {waited}.{}",
            why.unwrap_or_default());
        let remedy = "Look at `sudo grb-app admin mail queue --state waiting`, then `sudo grb-app admin mail test --to YOU`.";
        Ok(match age {
            _ if age < TimeDelta::minutes(15) => Finding::ok(words),
            _ if age < TimeDelta::hours(6) => Finding::warn(words, remedy),
            _ => Finding::fault(words, remedy),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::doctor::Verdict;

    #[test]
    fn a_domain_is_judged_by_what_it_publishes() {
        let spf = ["v=spf1 include:_spf.example.org -all".to_owned()];
        let dmarc = ["v=DMARC1; p=none".to_owned()];
        assert_eq!(judge("club.example", &spf, &dmarc).verdict, Verdict::Ok);
        let without = judge(
            "club.example",
            &["google-site-verification=x".into()],
            &dmarc,
        );
        assert!(
            without.verdict == Verdict::Warn && without.found.contains("no SPF;"),
            "{without:?}"
        );
        assert!(
            judge("club.example", &[], &[])
                .found
                .contains("no SPF and no DMARC")
        );
    }
}
