//! What each code means: `comity help C-131`.

use gateway_http::admin::Lack;

/// The codes of `comity config check`, and what they are about.
const CODES: &[(&str, &str)] = &[
    (
        "C-101",
        "The file is no TOML. The place is where reading stopped; the mistake may stand a little before it.",
    ),
    (
        "C-104",
        "A setting of this name is not known here. Nothing is passed over in silence: a mistyped setting would leave you with a default that you did not choose.",
    ),
    (
        "C-105",
        "A setting is missing that has no default, because it decides who is trusted, or where things are.",
    ),
    (
        "C-106",
        "A value is not what it must be. Lengths of time, sizes and rates are written with their unit: \"7 days\", \"128 KiB\", \"500/s\".",
    ),
    (
        "C-107",
        "A variable COMITY_… or a flag --set sets nothing that there is. COMITY_LISTEN__ADDRESS sets listen.address; what stands under a region or in a list is set in the file only.",
    ),
    (
        "C-110",
        "A file that the settings name cannot be read. Paths are relative to the folder of the settings file.",
    ),
    (
        "C-111",
        "A file with a secret can be read by others than its owner. chmod 600 it; if it lay open for long, make a new secret.",
    ),
    ("C-112", "A file holds something else than it should."),
    (
        "C-123",
        "Headers of a chain come from one body alone. Whoever runs a sole source can show an old or a forked chain and nobody would notice: name nodes of a second body. --dev permits one.",
    ),
    (
        "C-124",
        "All bodies that headers come from also run gateways. Gateways are what a regulator watches: at least one source must be somebody else's.",
    ),
    (
        "C-125",
        "It is not said who runs a gateway, so nobody can tell whether a source is independent of it.",
    ),
    (
        "C-126",
        "Something is spoken to without TLS over a network, where anybody on the way can change what is said.",
    ),
    ("C-127", "The same program is named twice."),
    (
        "C-128",
        "A node is dialled over TLS, and no authority is named that could vouch for it. None is believed by default: `roots` names the PEM file of the one that signed its certificate, your own or a public one.",
    ),
    (
        "C-129",
        "A source's nodes cannot be dialled as they are written. Public addresses may be dialled; private ones only within `networks` of the same source, so that no name can lead into your own network unasked; link-local and metadata addresses never.",
    ),
    (
        "C-131",
        "A committee's numbers are not safe. Of n members t must agree and up to f may be dishonest: n >= 4, f >= 1, 2t - n > f, t <= n - f. With a smaller t two histories could both be signed; with a larger one f absent members could stop it. By default f = floor((n-1)/3) and t = n - f: 3 of 4, 5 of 7, 7 of 10.",
    ),
    (
        "C-132",
        "The lane's first entry says other numbers than you expect. Either your expectation is wrong, or the genesis file is another lane's: ask its parties.",
    ),
    (
        "C-133",
        "One body runs more members of a committee than may be dishonest: by itself it could do what the committee exists to prevent.",
    ),
    (
        "C-134",
        "Your settings and the lane's genesis file differ about a chain: its identifier, its registry or the block where trust begins. Compare both with a source of your own before you change either.",
    ),
    (
        "C-135",
        "A length of time that may be set and is hardly meant. A header is trusted for 1 hour to 21 days, and may be 1 to 30 s ahead of this clock: shorter, and honest nodes are refused; longer, and whoever once was a validator may show another history.",
    ),
    (
        "C-140",
        "A secret stands where it can be read, copied and logged. It is not repeated. Put it into a file of mode 0600, name that file, and take the secret for known: make a new one.",
    ),
    (
        "C-141",
        "Probes and metrics have no TLS and ask nobody who they are. At 0.0.0.0 or [::] they are open to every network that the machine is on; whom the program waits for, and when its certificates end, is nobody else's business.",
    ),
    (
        "C-150",
        "The TLS certificate is for somebody else than the settings say: region, role and name stand in its SAN URI.",
    ),
    ("C-151", "A TLS certificate counts no more, or not yet."),
    (
        "C-152",
        "The TLS certificate was not signed by its own region's authority. One region's authority counts for that region only.",
    ),
    ("C-153", "The TLS key is not the certificate's."),
    (
        "C-154",
        "What is named as an authority is none, or the program's own region has none, or the region of a program that it dials, or one end of a gateway's lane, whose regulators dial it.",
    ),
    ("C-155", "A TLS certificate ends within 30 days."),
    (
        "C-156",
        "A revocation list is of no use: its region has no authority here, another signed it, or it does not say until when it counts.",
    ),
    (
        "C-157",
        "A revocation list has ended, or ends within a day. From then on nobody of its region is let in: who was revoked since is not known. Fetch lists well before they end.",
    ),
    (
        "C-158",
        "The program's own certificate is on its region's revocation list: nobody believes it.",
    ),
    (
        "C-159",
        "The TLS files cannot be used together: certificate and key do not fit, or two regions name the same authority, which could then speak for both.",
    ),
    (
        "C-160",
        "The genesis file is refused: it is damaged, or its committees have not proven that they hold their keys.",
    ),
    ("C-161", "The genesis file is that of another lane or deployment."),
    ("C-162", "The program's region is no end of this lane: it has nothing to do in it."),
    ("C-163", "A policy pack cannot be used: `comity policy check FOLDER` shows why."),
    ("C-164", "A policy pack is another than the one that the lane begins with."),
    ("C-165", "A lane's source has a chain, and the settings do not tell of it."),
    ("C-166", "A gateway leads a lane, and the settings do not say where it is."),
    ("C-167", "The program is not named in the lane's first entry by this region and name."),
    (
        "C-168",
        "The committees' keys have ended, or end within 60 days. No key serves longer than 400 days.",
    ),
    (
        "C-170",
        "The keys are not those that the lane names for this program. With another key share everything that a regulator signs would be found bad and left out; --dev starts it all the same.",
    ),
    (
        "C-171",
        "A sealed file does not open: the passphrase is another, or the file was changed. Of a file of another kind C-112 is said.",
    ),
    (
        "C-180",
        "There is little room where the store is: less than 1 GiB, or less than keep_free, below which nothing new is taken.",
    ),
    (
        "C-181",
        "No store can be where the settings say: something else than a folder is there, or above it, or the folder cannot be written by this user.",
    ),
    (
        "C-190",
        "A platform's trust file is none. It says by whose keys an answer is believed, so it comes from both regions, and is compared with a source of your own.",
    ),
    ("C-191", "A platform asks another region's gateway, which takes no question of it."),
];

/// Every code of settings, and of what programs lack while they run, with what it means.
pub fn codes() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lacks = Lack::ALL.into_iter().map(|lack| (lack.code(), lack.means()));
    CODES.iter().copied().chain(lacks)
}
