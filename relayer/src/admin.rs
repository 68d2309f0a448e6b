//! What a relayer tells its operator's own machines.

use crate::{
    RelayerView,
    view::{ChainView, ClientView, LinkView, SourcesView},
};
use gateway_http::admin::{
    Exposed, Labels, Lack, Missing, Probed, Real, Standing, seconds, set_count, whole,
};
use gateway_types::{ChainId, Jurisdiction};
use light_client::Status;
use prometheus_client::metrics::{counter::Counter, family::Family, gauge::Gauge};
use std::collections::BTreeMap;

/// Least sources with which a lie is found out.
const ENOUGH: usize = 2;

/// Probes and metrics of a relayer.
#[derive(Debug)]
pub struct Admin {
    view: RelayerView,
    regions: BTreeMap<ChainId, Jurisdiction>,
    exposed: Exposed,
    families: Families,
}

/// Of one chain and gateway.
type OfClient = Labels<3>;

#[derive(Debug, Default)]
struct Families {
    link: Family<Labels<1>, Gauge>,
    posted: Family<Labels<2>, Counter>,
    dropped: Family<Labels<1>, Counter>,
    waiting: Family<OfClient, Gauge>,
    head: Family<OfClient, Real>,
    height: Family<OfClient, Gauge>,
    expiry: Family<OfClient, Real>,
    frozen: Family<OfClient, Gauge>,
    sources: Family<Labels<2>, Gauge>,
    failing: Family<Labels<2>, Gauge>,
}

impl Families {
    fn register(exposed: &Exposed) -> Self {
        let f = Self::default();
        exposed.register(|registry| {
            let help = "1 while the gateway tells what it wants: at 0 nothing is brought there";
            registry.register("gateway_link_up", help, f.link.clone());
            let help = "Evidence that the gateway has taken, by kind; unavailable: no source showed it";
            registry.register("relayer_posted", help, f.posted.clone());
            let help = "Work dropped for want of room: the gateway asks again, and answers come late";
            registry.register("relayer_work_dropped", help, f.dropped.clone());
            let help = "The gateway's questions that wait for a source";
            registry.register("relayer_questions_waiting", help, f.waiting.clone());
            let help = "Block time of the newest verified header: 60 s behind now, nothing is recognised";
            registry.register("chain_head_timestamp_seconds", help, f.head.clone());
            let help = "Height of the newest verified header";
            registry.register("client_height", help, f.height.clone());
            let help = "When the light client trusts nothing any more, unless a header comes before";
            registry.register("client_expiry_timestamp_seconds", help, f.expiry.clone());
            let help = "1 if two valid headers contradict each other: call the regulators";
            registry.register("client_frozen", help, f.frozen.clone());
            let help = "Sources that answered sensibly within 60 s: with fewer than 2 a lie is not found out";
            registry.register("header_sources", help, f.sources.clone());
            let help = "Sources left alone for a while because they gave nothing, or what proves nothing";
            registry.register("header_sources_failing", help, f.failing.clone());
        });
        f
    }
}

impl Admin {
    /// Of the relayer with this view; `regions` says whose chain each is.
    #[must_use]
    pub fn new(
        view: RelayerView,
        regions: BTreeMap<ChainId, Jurisdiction>,
        exposed: Exposed,
    ) -> Self {
        let families = Families::register(&exposed);
        Self { view, regions, exposed, families }
    }

    fn region(&self, chain: &ChainId) -> String {
        self.regions.get(chain).map_or_else(String::new, ToString::to_string)
    }

    fn measure(&self) {
        let f = &self.families;
        for link in self.view.links() {
            let of = [("gateway", link.name.clone())];
            f.link.get_or_create(&of).set(i64::from(link.is_up));
            set_count(&f.dropped.get_or_create(&of), link.dropped);
            for (kind, count) in &link.posted {
                let of = [("gateway", link.name.clone()), ("kind", (*kind).to_owned())];
                set_count(&f.posted.get_or_create(&of), *count);
            }
            for (chain, view) in &link.chains {
                let region = self.region(chain);
                let chain = chain.to_string();
                self.measure_chain(
                    &[("region", region), ("chain", chain), ("gateway", link.name.clone())],
                    view,
                );
            }
        }
        for (chain, view) in self.view.sources() {
            let of = [("region", self.region(&chain)), ("chain", chain.to_string())];
            f.sources.get_or_create(&of).set(whole(view.answering));
            f.failing.get_or_create(&of).set(whole(view.failing));
        }
    }

    fn measure_chain(&self, of: &OfClient, view: &ChainView) {
        let f = &self.families;
        f.waiting.get_or_create(of).set(whole(view.waiting));
        let Some(client) = &view.client else { return };
        f.head.get_or_create(of).set(seconds(client.block_time));
        f.height.get_or_create(of).set(whole(client.height));
        f.expiry.get_or_create(of).set(seconds(client.expires));
        f.frozen.get_or_create(of).set(i64::from(client.status == Status::Frozen));
    }
}

impl Probed for Admin {
    fn standing(&self) -> Standing {
        let mut standing = Standing::default();
        let (links, sources) = (self.view.links(), self.view.sources());
        for link in &links {
            judge_link(link, &mut standing);
        }
        for (chain, view) in &sources {
            if view.answering < ENOUGH {
                let SourcesView { all, answering, .. } = view;
                let what = format!("{answering} of {all} sources answer");
                standing.noted.push(Missing::new(Lack::Sources, chain, what));
            }
        }
        let shown = serde_json::json!({
            "gateways": links.iter().map(shown).collect::<Vec<_>>(),
            "sources": sources.iter().map(|(chain, view)| serde_json::json!({
                "chain": chain.to_string(), "answering": view.answering, "of": view.all,
            })).collect::<Vec<_>>(),
        });
        standing.shown = shown.as_object().cloned().unwrap_or_default();
        standing
    }

    fn metrics(&self) -> String {
        self.measure();
        self.exposed.text(self.standing().is_ready())
    }
}

/// It does its work at a gateway while that tells what it wants, and every chain that it wants is followed.
fn judge_link(link: &LinkView, standing: &mut Standing) {
    if !link.is_up {
        let what = "no connection: it is dialled again and again";
        return standing.missing.push(Missing::new(Lack::Gateway, &link.name, what));
    }
    for (chain, view) in &link.chains {
        let of = format!("{chain} for {}", link.name);
        match &view.client {
            None if view.is_wanted => {
                let what = "no source gives a header at the gateway's height";
                standing.missing.push(Missing::new(Lack::Beginning, &of, what));
            }
            None => {
                let what = "the gateway has not asked for this chain";
                standing.noted.push(Missing::new(Lack::Beginning, &of, what));
            }
            Some(client) => judge_client(&of, client, standing),
        }
    }
    if link.chains.values().all(|view| view.client.is_none() && !view.is_wanted) {
        let what = "the gateway has asked for no chain yet";
        standing.missing.push(Missing::new(Lack::Beginning, &link.name, what));
    }
}

fn judge_client(of: &str, client: &ClientView, standing: &mut Standing) {
    let height = client.height;
    match client.status {
        Status::Active => {}
        Status::Frozen => {
            let what = format!("two headers contradict each other; the last good one is {height}");
            standing.missing.push(Missing::new(Lack::OneHistory, of, what));
        }
        Status::Expired => {
            let what = format!("no header since height {height}: it begins anew when it can");
            standing.missing.push(Missing::new(Lack::Trust, of, what));
        }
    }
}

fn shown(link: &LinkView) -> serde_json::Value {
    let chain = |(chain, view): (&ChainId, &ChainView)| {
        serde_json::json!({
            "chain": chain.to_string(),
            "height": view.client.as_ref().map(|client| client.height),
            "client": view.client.as_ref().map(|it| format!("{:?}", it.status).to_lowercase()),
            "questions_waiting": view.waiting,
        })
    };
    serde_json::json!({
        "gateway": link.name, "up": link.is_up,
        "chains": link.chains.iter().map(chain).collect::<Vec<_>>(),
    })
}
