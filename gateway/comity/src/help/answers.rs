//! The words of `comity verify --json` and of `comity ask`, that are no words of the API.

/// Each word and what it stands for.
pub(super) const CODES: &[(&str, &str)] = &[
    ("good", "The certificate counts, for its purpose, in its region, at the moment asked about."),
    (
        "not_good",
        "One of the four answers: it is genuine, and it does not count for what was asked. Its code says why.",
    ),
    (
        "not_genuine",
        "One of the four answers: it is not what the committees signed. Nothing in it may be relied on.",
    ),
    (
        "cannot_say",
        "One of the four answers: what was given does not suffice. The line beside it says what to give.",
    ),
    (
        "declined",
        "The certificate proves a no: the committees signed that it is declined, and why.",
    ),
    ("wrong_purpose", "It is genuine, and for another purpose than was asked about."),
    ("wrong_region", "It is genuine, and counts in another region than was asked about."),
    ("not_yet_recognised", "The moment asked about lies before the recognition."),
    ("expired", "The source says that the licence has ended."),
    (
        "superseded",
        "The source says that a newer licence stands in this one's place: ask about that.",
    ),
    ("revoked", "The source took the licence back. The recognition ended with it."),
    ("suspended", "The source says that the licence is not in force for a time."),
    ("status_other", "The licence is no longer valid, for a reason that has no word here."),
    ("status_malformed", "The status file is none, or is damaged. Nothing in it may be relied on."),
    (
        "certificate_malformed",
        "The certificate's file is none, or is damaged. Nothing in it may be relied on.",
    ),
    (
        "other_lane",
        "A part of the file is of another lane than the rest: it was put together from two.",
    ),
    (
        "other_committees",
        "It was signed by other committees than those that your trust file names. Compare the trust file first.",
    ),
    ("committee_not_agreed", "A new committee is shown that the one before did not agree on."),
    ("signatures", "Too few of the signatures hold. Nothing in the file may be relied on."),
    (
        "not_included",
        "The entry is not under the root that the committees signed: it was changed after signing, or never there.",
    ),
    ("wrong_entry", "The entry is of a kind that no such file holds."),
    ("other_batch", "A part of the file is of another batch than the rest."),
    ("contradiction", "The file contradicts itself."),
    ("after_closing", "Something was signed in an epoch after that was closed."),
    (
        "two_histories",
        "Committees signed two histories. Keep both files and tell the regulators: this must never be.",
    ),
    ("other_list", "The status list is not the one that the committees signed."),
    ("status_contradiction", "The status file contradicts the certificate."),
    (
        "lane_not_trusted",
        "Your trust file says nothing of this lane. Get the one that both regions of the lane published.",
    ),
    (
        "unknown_committee",
        "No chain of committee entries leads from your trust file to the committees that signed. Get a newer trust file.",
    ),
    (
        "epoch_closed",
        "The epoch that signed is closed, and the file has no seal that counts. Add one from a gateway.",
    ),
    ("status_stale", "The newest status is too old. Give a newer one: --status FILE."),
    (
        "status_epoch_closed",
        "The status was signed in an epoch that is closed. Give a newer one: --status FILE.",
    ),
    (
        "status_after_moment",
        "The licence changed, before or after the moment asked about: what is given does not say which.",
    ),
];
