//! Every setting by its name: what it is for, what it must be, and whether it can be left out.
//!
//! The tables are what a file is checked against (so that *all* mistakes are found, each with its place), and
//! what the comments of a written file are taken from. That they say the same as the typed form is tested.

use super::{
    MAX_NETWORKS, MAX_PLATFORMS,
    endpoint::Endpoint,
    units::{Hex, Network, Rate, Share, Size, Span},
};
use gateway_types::{ChainId, Digest, Jurisdiction, LaneId, Name, id::Deployment};
use serde::de::DeserializeOwned;
use std::{collections::BTreeSet, net::SocketAddr};

/// A setting.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    /// One sentence, as it is written above the setting.
    pub(super) about: &'static str,
    pub(super) shape: Shape,
    pub(super) need: Need,
}

/// What a setting holds.
#[derive(Debug)]
pub(super) enum Shape {
    /// One value: how it is read, and what is expected, in words.
    Value(fn(&toml::Value) -> bool, &'static str),
    /// `[name]`.
    Table(&'static [Key]),
    /// `name.REGION = value`.
    Regions(fn(&toml::Value) -> bool, &'static str),
    /// `[name.REGION]`.
    RegionTables(&'static [Key]),
    /// `[[name]]`.
    List(&'static [Key]),
}

/// Whether a setting can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// It cannot.
    Required,
    /// It can.
    Optional,
    /// It can: then it is this.
    Default(&'static str),
}
use Need::{Default, Optional, Required};

/// Whose settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// `comity gateway`.
    Gateway,
    /// `comity relayer`.
    Relayer,
    /// `comity regulator`.
    Regulator,
    /// `comity ask`, which a platform calls; it keeps nothing running.
    Platform,
}

impl Program {
    /// All.
    pub const ALL: [Self; 4] = [Self::Gateway, Self::Relayer, Self::Regulator, Self::Platform];

    /// The word: in the file's name and in TLS identities, and in the command of what keeps running.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Relayer => "relayer",
            Self::Regulator => "regulator",
            Self::Platform => "platform",
        }
    }

    /// Its settings.
    pub(super) fn keys(self) -> &'static [Key] {
        match self {
            Self::Gateway => GATEWAY,
            Self::Relayer => RELAYER,
            Self::Regulator => REGULATOR,
            Self::Platform => PLATFORM,
        }
    }
}

fn fits<T: DeserializeOwned>(value: &toml::Value) -> bool {
    T::deserialize(value.clone()).is_ok()
}

fn some_text(value: &toml::Value) -> bool {
    value.as_str().is_some_and(|text| !text.trim().is_empty() && text.len() <= 1024)
}

fn some_endpoints(value: &toml::Value) -> bool {
    fits::<Vec<Endpoint>>(value) && value.as_array().is_some_and(|list| !list.is_empty())
}

fn some_networks(value: &toml::Value) -> bool {
    fits::<Vec<Network>>(value) && value.as_array().is_some_and(|list| list.len() <= MAX_NETWORKS)
}

fn some_names(value: &toml::Value) -> bool {
    fits::<BTreeSet<Name>>(value)
        && value.as_array().is_some_and(|list| list.len() <= MAX_PLATFORMS)
}

fn positive(value: &toml::Value) -> bool {
    value.as_integer().is_some_and(|number| (1..=i64::from(u32::MAX)).contains(&number))
}

fn small(value: &toml::Value) -> bool {
    value.as_integer().is_some_and(|number| (0..=255).contains(&number))
}

fn height(value: &toml::Value) -> bool {
    value.as_integer().is_some_and(|number| number > 0)
}

fn chain_kind(value: &toml::Value) -> bool {
    fits::<super::ChainKind>(value)
}

const TEXT: Shape = Shape::Value(some_text, "a text in quotes");
const FILE: Shape = Shape::Value(some_text, "a path in quotes, relative to this file's folder");
const REGION: Shape = Shape::Value(fits::<Jurisdiction>, "an ISO 3166-2 code such as \"CN-HK\"");
const NAME: Shape = Shape::Value(fits::<Name>, "a name: 1 to 40 of a-z, 0-9 and -");
const ADDRESS: Shape =
    Shape::Value(fits::<SocketAddr>, "an address and port such as \"0.0.0.0:8443\"");
const SPAN: Shape =
    Shape::Value(fits::<Span>, "a length of time with its unit, such as \"7 days\" or \"30 s\"");
const ENDPOINT: Shape =
    Shape::Value(fits::<Endpoint>, "an address such as \"https://gw.example:8443\"");
const DIGEST: Shape = Shape::Value(fits::<Digest>, "64 hexadecimal digits");
const NAMES: Shape = Shape::Value(some_names, "a list of names such as [\"counter\"]");
const SMALL: Shape = Shape::Value(small, "a number from 0 to 255");

const fn key(name: &'static str, about: &'static str, need: Need, shape: Shape) -> Key {
    Key { name, about, shape, need }
}

const GATEWAY: &[Key] = &[
    key("region", "Whose gateway this is.", Required, REGION),
    key(
        "name",
        "Its name there, as in its TLS certificate and in the lanes' first entries.",
        Required,
        NAME,
    ),
    DEPLOYMENT,
    key(
        "operator",
        "The body that runs it, in the same words as the sources below.",
        Required,
        TEXT,
    ),
    key(
        "listen",
        "Where it is reached.",
        Required,
        Shape::Table(&[
            key(
                "address",
                "Platforms, regulators, relayers and gateways, over mutual TLS.",
                Required,
                ADDRESS,
            ),
            ADMIN,
        ]),
    ),
    TLS,
    key(
        "keys",
        "Its own keys. Secrets are files, mode 0600; none stands here.",
        Required,
        Shape::Table(&[
            key("leader_file", "Sealed: what it signs proposals with.", Required, FILE),
            PASSPHRASE,
        ]),
    ),
    STORE,
    PACKS,
    LANES,
    CHAINS,
    COMMITTEES,
    PLATFORMS,
    key("peer", "The other gateways of its lanes: it dials them.", Optional, Shape::List(REMOTE)),
    key(
        "limits",
        "What it takes from platforms.",
        Optional,
        Shape::Table(&[
            key(
                "per_platform",
                "Questions of one platform.",
                Default("500/s"),
                Shape::Value(fits::<Rate>, "a rate with its unit, such as \"500/s\""),
            ),
            key(
                "burst",
                "How many may come at once.",
                Default("1000"),
                Shape::Value(positive, "a number above 0"),
            ),
        ]),
    ),
];

const RELAYER: &[Key] = &[
    key("region", "Whose relayer this is.", Required, REGION),
    key("name", "Its name there, as in its TLS certificate.", Required, NAME),
    ADMIN_ONLY,
    TLS,
    key("gateway", "The gateways that it works for: it dials them.", Required, Shape::List(REMOTE)),
    CHAINS,
];

const REGULATOR: &[Key] = &[
    key("region", "Whose regulator this is.", Required, REGION),
    key("name", "Its name in its committee, as in its TLS certificate.", Required, NAME),
    DEPLOYMENT,
    ADMIN_ONLY,
    TLS,
    key(
        "keys",
        "Its own keys. Secrets are files, mode 0600; none stands here.",
        Required,
        Shape::Table(&[
            key(
                "keys_file",
                "Sealed: its protocol, cosigning and encryption keys.",
                Required,
                FILE,
            ),
            key("share_file", "Sealed: its share of its committee's key.", Required, FILE),
            PASSPHRASE,
        ]),
    ),
    STORE,
    PACKS,
    LANES,
    CHAINS,
    COMMITTEES,
    PLATFORMS,
    key(
        "leader",
        "The gateways that lead its lanes: it dials each of them.",
        Required,
        Shape::List(REMOTE),
    ),
];

const PLATFORM: &[Key] = &[
    key("region", "The region whose authority vouches for it.", Required, REGION),
    key("name", "Its name there, as in its TLS certificate.", Required, NAME),
    TLS,
    key("gateway", "Whom it asks: its own region's gateway.", Required, Shape::Table(REMOTE)),
    key(
        "client",
        "What it believes by.",
        Required,
        Shape::Table(&[key(
            "trust",
            "The trust file that both regions published, compared with a source of your own.",
            Required,
            FILE,
        )]),
    ),
];

const DEPLOYMENT: Key = key(
    "deployment",
    "What is signed counts in this deployment and in no other.",
    Required,
    Shape::Value(
        fits::<Deployment>,
        "words of a-z, 0-9 and - with dots between, such as \"comity.gba\"",
    ),
);

const ADMIN: Key =
    key("admin", "Probes and metrics, without TLS: never open to the world.", Optional, ADDRESS);

const ADMIN_ONLY: Key = key(
    "listen",
    "No port is needed but for probes and metrics.",
    Optional,
    Shape::Table(&[ADMIN]),
);

const PASSPHRASE: Key =
    key("passphrase_file", "What opens the sealed files: one line.", Required, FILE);

const TLS: Key = key(
    "tls",
    "Who it is, and whom it takes for whom.",
    Required,
    Shape::Table(&[
        key(
            "certificate",
            "PEM: its certificate; a SAN URI in it says region, role and name.",
            Required,
            FILE,
        ),
        key("key_file", "PEM: its key, mode 0600.", Required, FILE),
        key(
            "authorities",
            "PEM: one authority a region. A certificate that says CN-HK must be CN-HK's authority's.",
            Required,
            Shape::Regions(some_text, "a path in quotes, relative to this file's folder"),
        ),
        key(
            "revocation_lists",
            "PEM: each region's list of certificates that count no more. With one, nobody is let in once it has ended.",
            Optional,
            Shape::Regions(some_text, "a path in quotes, relative to this file's folder"),
        ),
    ]),
);

const STORE: Key = key(
    "store",
    "What must survive.",
    Required,
    Shape::Table(&[
        key("path", "A folder of its own, made at the first start.", Required, FILE),
        key(
            "keep_free",
            "With less free room than this nothing new is taken.",
            Default("256 MiB"),
            Shape::Value(fits::<Size>, "a number of bytes with its unit, such as \"256 MiB\""),
        ),
    ]),
);

const PACKS: Key = key(
    "packs",
    "Policy packs.",
    Required,
    Shape::Table(&[key(
        "folder",
        "One folder a region in it: packs/cn-gd/pack.toml.",
        Required,
        FILE,
    )]),
);

const LANES: Key = key(
    "lane",
    "A lane: how it begins is agreed by its parties, byte for byte.",
    Required,
    Shape::List(&[
        key(
            "name",
            "From, to and tier.",
            Required,
            Shape::Value(fits::<LaneId>, "a lane such as \"CN-GD.CN-HK.standard\""),
        ),
        key("genesis", "The file that its parties agreed on.", Required, FILE),
    ]),
);

const CHAINS: Key = key(
    "chain",
    "A source chain. Nothing that decides trust has a default.",
    Required,
    Shape::RegionTables(&[
        key(
            "kind",
            "Its family.",
            Required,
            Shape::Value(chain_kind, "\"cometbft\", the one kind that is built"),
        ),
        key(
            "id",
            "Its own identifier.",
            Required,
            Shape::Value(fits::<ChainId>, "1 to 50 of A-Z, a-z, 0-9, - and _"),
        ),
        key(
            "registry",
            "The registry's contract.",
            Required,
            Shape::Value(fits::<Hex>, "1 to 64 bytes in hexadecimal"),
        ),
        key(
            "trusting_period",
            "How long a header is trusted: never longer than the chain's notice of key rotation.",
            Default("7 days"),
            SPAN,
        ),
        key(
            "max_clock_drift",
            "How far a header may be ahead of this clock.",
            Default("5 s"),
            SPAN,
        ),
        key(
            "trust_threshold",
            "More than this share of the trusted validators must have signed.",
            Default("2/3"),
            Shape::Value(fits::<Share>, "a share from 1/3 to less than 1, such as \"2/3\""),
        ),
        key(
            "pin",
            "Where the light client begins. Compare it with a source of your own.",
            Required,
            Shape::Table(&[
                key(
                    "height",
                    "The header's height.",
                    Required,
                    Shape::Value(height, "a number above 0"),
                ),
                key("hash", "Its hash.", Required, DIGEST),
                key("validators", "The hash of the next block's validators.", Required, DIGEST),
                key(
                    "header_file",
                    "The header itself; fetched from the sources at the first start if left out.",
                    Optional,
                    FILE,
                ),
            ]),
        ),
        key(
            "source",
            "Who runs nodes of it. At least two bodies, one of which runs no gateway.",
            Required,
            Shape::List(&[
                key("operator", "The body.", Required, TEXT),
                key(
                    "endpoints",
                    "Its nodes.",
                    Required,
                    Shape::Value(
                        some_endpoints,
                        "a list of addresses such as [\"https://node-a.example:26657\"]",
                    ),
                ),
                key(
                    "roots",
                    "PEM: the authorities that vouch for its https nodes.",
                    Optional,
                    FILE,
                ),
                key(
                    "networks",
                    "Private networks where its nodes may be; public addresses always may.",
                    Optional,
                    Shape::Value(some_networks, "a list of networks such as [\"10.1.0.0/16\"]"),
                ),
            ]),
        ),
    ]),
);

const COMMITTEES: Key = key(
    "committee",
    "What you expect of a committee: compared with the lanes' first entries.",
    Optional,
    Shape::RegionTables(&[
        key("members", "n, at least 4.", Required, SMALL),
        key("threshold", "t: so many must agree.", Required, SMALL),
        key("dishonest", "f: so many may be dishonest.", Required, SMALL),
    ]),
);

const PLATFORMS: Key = key(
    "platforms",
    "What your region knows of its own platforms. Its gateway and all its regulators say the same.",
    Optional,
    Shape::Table(&[
        key(
            "suspended",
            "Their questions are declined, until they are taken out.",
            Optional,
            NAMES,
        ),
        key(
            "contract_filed",
            "Their contract for personal data is filed: packs that ask for one let more through.",
            Optional,
            NAMES,
        ),
    ]),
);

const REMOTE: &[Key] = &[
    key("region", "Its region.", Required, REGION),
    key("name", "Its name there, as in its TLS certificate.", Required, NAME),
    key("address", "Where it is dialled, over mutual TLS.", Required, ENDPOINT),
    key(
        "operator",
        "The body that runs it: a source of the same body is no second opinion.",
        Optional,
        TEXT,
    ),
];
