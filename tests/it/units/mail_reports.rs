//! Delivery status notifications, as mail servers write them and as strangers do (NOTE-2).

use vestibule::http::mail_reports::status::read;

const MAIL: &str = "0198c0de-0000-7000-8000-000000000001";

fn notification(action: &str, status: &str, copy: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example\r\nTo: bounces@portal.example\r\nSubject: Undelivered\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n\
         Final-Recipient: rfc822; Ada@Client.example\r\nAction: {action}\r\nStatus: {status}\r\n\
         Diagnostic-Code: smtp; 550 5.1.1 no such\r\n user here\r\n\r\n\
         --b\r\nContent-Type: {copy}\r\n\r\nMessage-ID: <{MAIL}@portal.example>\r\nSubject: Hello\r\n\r\n--b--\r\n"
    )
}

/// NOTE-2
#[test]
fn a_notification_names_the_mail_and_who_it_came_back_from() {
    for copy in ["text/rfc822-headers", "message/rfc822"] {
        let found = read(notification("failed", "5.1.1", copy).as_bytes());
        assert_eq!(found.len(), 1, "{copy}");
        assert_eq!(found[0].mail.to_string(), MAIL);
        assert_eq!(found[0].email, "ada@client.example");
        assert!(found[0].detail.as_deref().unwrap().contains("no such"), "{:?}", found[0].detail);
    }
}

/// NOTE-2: what passes by, and what is not about a mail of ours, concludes nothing.
#[test]
fn what_is_late_or_full_or_unliked_does_not_count() {
    let copy = "message/rfc822";
    for (action, status) in [
        ("delayed", "4.4.1"),
        ("delivered", "2.1.5"),
        ("failed", "4.2.2"),
        ("failed", "5.2.2"),
        ("failed", "5.7.1"),
        ("relayed", "5.1.1"),
    ] {
        assert_eq!(read(notification(action, status, copy).as_bytes()), [], "{action} {status}");
    }
    for garbage in ["", "no mail at all", "Content-Type: multipart/report\r\n\r\n"] {
        assert_eq!(read(garbage.as_bytes()), []);
    }
    assert_eq!(read(notification("failed", "5.1.1", copy).replace(MAIL, "somebody-elses").as_bytes()), []);
}
