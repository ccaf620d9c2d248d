//! Proves the contract from Rust: five checks against a running server, one JSON line each. `TRUNKLINE_TARGET`,
//! `TRUNKLINE_KEY` and `TRUNKLINE_MODEL` say against what.

use std::collections::hash_map::RandomState;
use std::env;
use std::error::Error;
use std::hash::{BuildHasher, Hasher};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{json, Value};
use tonic::{Code, Request, Status};
use trunkline_client::v1::content_delta::Delta;
use trunkline_client::v1::stream_complete_response::Event;
use trunkline_client::v1::{
    CacheMode, CachePolicy, CallContext, CompleteRequest, ContentDelta, StreamCompleteRequest,
};
use trunkline_client::{connect, Client, StatusExt};

const AGENT: &str = "smoke-rust";
const CANCEL_AFTER: usize = 3;
const DEADLINE: Duration = Duration::from_secs(30);
const QUESTION: &str = "Name three colours.";
const STORY: &str = "Tell a very long story about a lighthouse, with many chapters.";
const WRONG_KEY: &str = "tl_aaaaaaaaaaaaaaaa_wrong";

/// What a check prints; `ok` among it is the verdict.
type Facts = Result<Value, Box<dyn Error + Send + Sync>>;

/// What the checks need.
struct Smoke {
    client: Client,
    target: String,
    model: String,
}

impl Smoke {
    fn request(&self, prompt: &str, max_tokens: i32) -> CompleteRequest {
        CompleteRequest {
            model: self.model.clone(),
            prompt: prompt.into(),
            max_tokens: Some(max_tokens),
            context: Some(CallContext {
                agent_id: AGENT.into(),
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    async fn complete(&mut self) -> Facts {
        let request = timed(self.request(QUESTION, 32));
        let answer = self.client.complete(request).await?.into_inner();
        let tokens = answer.usage.unwrap_or_default().output_tokens();
        Ok(json!({
            "ok": ![&answer.completion, &answer.provider, &answer.model_used].iter().any(|text| text.is_empty())
                && tokens > 0
                && answer.trace_id.len() == 32
                && answer.trace_id.bytes().all(|digit| digit.is_ascii_hexdigit()),
            "completion_length": answer.completion.len(),
            "output_tokens": tokens,
            "nano_usd": answer.cost_details.unwrap_or_default().nano_usd,
        }))
    }

    async fn stream(&mut self) -> Facts {
        let request = streamed(self.request(QUESTION, 32));
        let mut stream = self.client.stream_complete(request).await?.into_inner();
        let (mut events, mut deltas, mut gapless) = (0, 0, true);
        let mut text = String::new();
        let mut last = None;
        while let Some(message) = stream.message().await? {
            events += 1;
            gapless &= message.sequence == events;
            if let Some(Event::ContentDelta(ContentDelta { delta, .. })) = &message.event {
                deltas += 1;
                if let Some(Delta::Text(piece)) = delta {
                    text += piece;
                }
            }
            last = message.event;
        }
        let tokens = match last {
            Some(Event::Finished(end)) => end.usage.unwrap_or_default().output_tokens(),
            _ => 0,
        };
        Ok(json!({
            "ok": gapless && !text.is_empty() && tokens > 0,
            "events": events,
            "deltas": deltas,
        }))
    }

    /// Dropping the stream is how tonic cancels a call: nothing is left that could show a status or a further event.
    async fn cancel(&mut self) -> Facts {
        let mut request = self.request(STORY, 512);
        // The standard library's only source of randomness.
        request.request_id = format!(
            "{AGENT}-{:016x}",
            RandomState::new().build_hasher().finish()
        );
        request.cache = Some(CachePolicy {
            mode: CacheMode::Off.into(),
            ..Default::default()
        });
        let request_id = request.request_id.clone();

        let call = self.client.stream_complete(streamed(request));
        let mut stream = call.await?.into_inner();
        let mut events = 0;
        while events < CANCEL_AFTER && stream.message().await?.is_some() {
            events += 1;
        }
        drop(stream);
        Ok(json!({
            "ok": events == CANCEL_AFTER,
            "request_id": request_id,
            "status": "dropped",
        }))
    }

    async fn refused(&mut self) -> Facts {
        let request = timed(self.request("", -1));
        let status = refusal(self.client.complete(request).await)?;
        let info = status.get_details_error_info().ok_or("no ErrorInfo")?;
        let bad = status.get_details_bad_request().ok_or("no BadRequest")?;
        let fields: Vec<_> = bad.field_violations.into_iter().map(|v| v.field).collect();
        Ok(json!({
            "ok": status.code() == Code::InvalidArgument
                && info.domain == "trunkline.dev"
                && info.reason == "INVALID_REQUEST"
                && ["prompt", "max_tokens"].iter().all(|name| fields.iter().any(|field| field == name)),
            "status": format!("{:?}", status.code()),
            "reason": info.reason,
            "fields": fields,
        }))
    }

    async fn unauthenticated(&mut self) -> Facts {
        let request = timed(self.request(QUESTION, 32));
        let mut stranger = connect(&self.target, WRONG_KEY)?;
        let status = refusal(stranger.complete(request).await)?;
        let info = status.get_details_error_info().ok_or("no ErrorInfo")?;
        Ok(json!({
            "ok": status.code() == Code::Unauthenticated && info.reason == "CREDENTIAL_INVALID",
            "status": format!("{:?}", status.code()),
            "reason": info.reason,
        }))
    }
}

fn timed<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(DEADLINE);
    request
}

fn streamed(request: CompleteRequest) -> Request<StreamCompleteRequest> {
    timed(StreamCompleteRequest {
        request: Some(request),
        ..Default::default()
    })
}

fn refusal<T>(outcome: Result<T, Status>) -> Result<Status, &'static str> {
    outcome.err().ok_or("the call was not refused")
}

/// Prints a check's line and tells whether it is well.
fn report(name: &str, facts: Facts) -> bool {
    let mut line = facts.unwrap_or_else(|error| json!({"ok": false, "error": error.to_string()}));
    line["check"] = name.into();
    println!("{line}");
    line["ok"] == true
}

async fn run() -> Result<bool, Box<dyn Error + Send + Sync>> {
    let setting = |name| env::var(name).map_err(|_| format!("{name} is not set"));
    let target = setting("TRUNKLINE_TARGET")?;
    let mut smoke = Smoke {
        client: connect(&target, &setting("TRUNKLINE_KEY")?)?,
        model: setting("TRUNKLINE_MODEL")?,
        target,
    };
    Ok([
        report("complete", smoke.complete().await),
        report("stream", smoke.stream().await),
        report("cancel", smoke.cancel().await),
        report("refused", smoke.refused().await),
        report("unauthenticated", smoke.unauthenticated().await),
    ]
    .iter()
    .all(|well| *well))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
