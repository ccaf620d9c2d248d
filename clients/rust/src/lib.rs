//! Connects Rust programs to a Trunkline server: the channel and the caller's key. Everything else is the generated
//! client; [`StatusExt`] reads the details of an error.

pub use tonic_types::StatusExt;
pub use trunkline_proto::v1;

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::interceptor::InterceptedService;
use tonic::service::Interceptor;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use v1::llm_service_client::LlmServiceClient;

/// A connection with the methods of `LLMService`. Cloning it is cheap and shares the connection.
pub type Client = LlmServiceClient<InterceptedService<Channel, Bearer>>;

/// Sends the caller's key with every call.
#[derive(Clone)]
pub struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request
            .metadata_mut()
            .insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// Prepares a connection without TLS to `target` (host:port), which sends `key` with every call. It connects on the
/// first call, inside a tokio runtime.
///
/// # Errors
/// When the target is not an address, or the key holds characters that cannot be sent.
pub fn connect(
    target: &str,
    key: &str,
) -> Result<Client, Box<dyn std::error::Error + Send + Sync>> {
    let channel = Endpoint::from_shared(format!("http://{target}"))?.connect_lazy();
    let mut value: MetadataValue<Ascii> = format!("Bearer {key}").parse()?;
    value.set_sensitive(true);
    Ok(LlmServiceClient::with_interceptor(channel, Bearer(value)))
}
