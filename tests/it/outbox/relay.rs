//! What letters go through with a relay: encryption, logins, refusals.

use super::*;
use crate::smtp::certificate;

#[tokio::test]
async fn a_letter_goes_encrypted_and_logged_in() {
    let (tls, pem) = certificate();
    let relay = Relay::start(Setup {
        tls: Some(tls),
        login: Some(("desk", "p@ss word")),
        ..Setup::default()
    })
    .await;
    let ca = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(ca.path(), pem).unwrap();
    let desk = Desk::start(&[
        (
            "smtp_url",
            format!("smtp://desk:p%40ss%20word@{}?tls=required", relay.address),
        ),
        ("smtp_ca", ca.path().to_string_lossy().into_owned()),
        ("mail_from", "Orion Hill <desk@club.example>".into()),
    ]);
    desk.post("ada", |_| ()).await;
    desk.ends("ada", State::Sent).await;
    let taken = relay.taken();
    assert_eq!(taken.len(), 1);
    assert!(taken[0].encrypted);
    assert_eq!(taken[0].user.as_deref(), Some("desk"));
    assert_eq!(
        (taken[0].from.as_str(), taken[0].to.as_str()),
        ("desk@club.example", "ada@members.example")
    );
    let letter = MessageParser::default().parse(&taken[0].bytes).unwrap();
    assert_eq!(letter.subject(), Some("ada"));
    assert_eq!(letter.body_text(0).unwrap().trim(), "ada");
    assert_eq!(desk.app.health.of("mail").unwrap().state, Mood::Ok);
    desk.close().await;
}

#[tokio::test]
async fn encryption_that_is_required_and_not_offered_stops_the_letter() {
    let relay = Relay::start(Setup::default()).await;
    let desk = Desk::start(&[("smtp_url", format!("smtp://{}?tls=required", relay.address))]);
    desk.post("ada", |_| ()).await;
    let entry = desk.until("ada", |entry| entry.last_answer.is_some()).await;
    assert!(entry.last_answer.unwrap().contains("STARTTLS"));
    assert_eq!(
        (entry.state, entry.attempts, relay.count()),
        (State::Waiting, 0, 0)
    );
    desk.close().await;
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_stops_the_letter() {
    let (tls, _) = certificate();
    let relay = Relay::start(Setup {
        tls: Some(tls),
        wrapped: true,
        ..Setup::default()
    })
    .await;
    let desk = Desk::start(&[("smtp_url", format!("smtps://{}", relay.address))]);
    desk.post("ada", |_| ()).await;
    desk.until("ada", |entry| entry.last_answer.is_some()).await;
    let health = desk.app.health.of("mail").unwrap();
    assert!(
        health.remedy.unwrap().contains("smtp_ca"),
        "{}",
        health.words
    );
    assert_eq!(relay.count(), 0);
    desk.close().await;
}

/// 1, 5, 15, 60 minutes, a fifth more or less, with the same Message-ID; then it arrives.
#[tokio::test]
async fn a_letter_put_off_is_tried_again_and_stays_the_same_letter() {
    let relay = Relay::start(Setup::default()).await;
    relay.follow(|at, _, times| match (at, times) {
        (At::Rcpt, 1) => Do::Say(450, "4.2.0 greylisted"),
        (At::Data, 1) => Do::Say(451, "later"),
        (At::Letter, 1) => Do::TakeAndHangUp,
        (At::Letter, 2) => Do::Say(452, "4.3.1 full"),
        _ => Do::Accept,
    });
    let desk = Desk::by(&relay);
    desk.post("ada", |_| ()).await;
    for (attempt, minutes) in [(1, 1), (2, 5), (3, 15), (4, 60)] {
        let entry = desk
            .until("ada", |entry| {
                entry.attempts == attempt && entry.due_at > desk.app.clock.now()
            })
            .await;
        // Also the answer of this attempt has been written down.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let pause = (entry.due_at - desk.app.clock.now()).as_seconds_f64();
        let asked = f64::from(minutes) * 60.0;
        assert!(
            (0.79 * asked..1.21 * asked).contains(&pause),
            "{attempt}: {pause} s"
        );
        desk.advance(TimeDelta::minutes(minutes.into()) * 13 / 10)
            .await;
    }
    desk.ends("ada", State::Sent).await;
    let ids: Vec<String> = relay
        .taken()
        .iter()
        .map(|taken| taken.message_id())
        .collect();
    assert_eq!(ids.len(), 2, "once unanswered, once for good");
    assert_eq!(ids[0], ids[1]);
    desk.close().await;
}

#[tokio::test]
async fn an_unknown_recipient_is_not_written_to_again_until_that_is_lifted() {
    let relay = Relay::start(Setup::default()).await;
    relay.follow(|at, to, _| {
        if at == At::Rcpt && to.starts_with("ada") {
            Do::Say(550, "5.1.1 no such user")
        } else {
            Do::Accept
        }
    });
    let desk = Desk::by(&relay);
    desk.post("ada", |_| ()).await;
    let failed = desk.ends("ada", State::Failed).await;
    assert!(failed.last_answer.unwrap().contains("5.1.1"));
    desk.post("more", |parcel| {
        parcel.address = "ADA@members.example".into();
    })
    .await;
    desk.ends("more", State::Suppressed).await;
    desk.post("bob", |_| ()).await;
    desk.ends("bob", State::Sent).await;
    let (now, id) = (desk.app.clock.now(), desk.entry("more").await.id);
    relay.follow(|_, _, _| Do::Accept);
    desk.app
        .db
        .write(move |tx| {
            store::lift(tx, "ada@Members.example")?;
            store::retry(tx, now, Some(&[id]))
        })
        .await
        .unwrap();
    desk.ends("more", State::Sent).await;
    desk.close().await;
}

/// A wrong password is nobody's letter's fault: nothing fails, nothing is suppressed, no attempt is counted.
#[tokio::test]
async fn a_relay_that_refuses_the_login_costs_no_letter() {
    let (tls, pem) = certificate();
    let relay = Relay::start(Setup {
        tls: Some(tls),
        login: Some(("desk", "right")),
        ..Setup::default()
    })
    .await;
    let ca = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(ca.path(), pem).unwrap();
    let settings = |password: &str| {
        vec![
            (
                "smtp_url",
                format!("smtp://desk:{password}@{}?tls=required", relay.address),
            ),
            ("smtp_ca", ca.path().to_string_lossy().into_owned()),
        ]
    };
    let desk = Desk::start(&settings("wrong"));
    for n in 0..20 {
        desk.post(&format!("m{n}"), |_| ()).await;
    }
    desk.until("m0", |entry| entry.last_answer.is_some()).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    // Half a minute later it is tried once, and left alone for longer.
    let tried = relay.connections();
    assert!(
        (5..=16).contains(&tried),
        "{tried} connections before it was left alone"
    );
    desk.advance(TimeDelta::seconds(40)).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(relay.connections(), tried + 1);
    let health = desk.app.health.of("mail").unwrap();
    assert_eq!(health.state, Mood::Warn);
    assert!(health.words.contains("535"), "{}", health.words);
    assert!(health.remedy.unwrap().contains("password"));
    for n in 0..20 {
        let entry = desk.entry(&format!("m{n}")).await;
        assert_eq!(
            (entry.state, entry.attempts),
            (State::Waiting, 0),
            "{entry:?}"
        );
    }
    let now = desk.app.clock.now() + TimeDelta::minutes(2);
    let folder = desk.close().await;
    let desk = Desk::again(folder, now, &settings("right"));
    for n in 0..20 {
        desk.ends(&format!("m{n}"), State::Sent).await;
    }
    desk.close().await;
}
