//! Requests by hyper.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::config::Config;
use crate::error::ClientError;
use crate::heard::Broken;
use crate::watch::{Opened, is_stream};

#[cfg(not(feature = "tls"))]
type Connector = HttpConnector;
#[cfg(feature = "tls")]
type Connector = hyper_rustls::HttpsConnector<HttpConnector>;

/// Connections that are kept for a while. It follows no redirects and asks no proxies.
#[derive(Clone)]
pub(super) struct Transport {
    client: Client<Connector, Full<Bytes>>,
    answer_bytes_max: usize,
}

impl Transport {
    pub(super) fn new(config: &Config) -> Result<Self, ClientError> {
        let mut http = HttpConnector::new();
        http.set_nodelay(true);
        http.set_connect_timeout(Some(config.connect_timeout));
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(connector(http)?);
        Ok(Self { client, answer_bytes_max: config.answer_bytes_max })
    }

    pub(super) async fn send(
        &self,
        request: Request<Bytes>,
        timeout: Duration,
    ) -> Result<Response<Bytes>, Broken> {
        in_time(timeout, async { self.whole(self.head(request).await?).await }).await
    }

    /// An answer that may go on: its head has to come in time, and all of it where it does not go on.
    pub(super) async fn open(
        &self,
        request: Request<Bytes>,
        timeout: Duration,
    ) -> Result<Opened<Incoming>, Broken> {
        let opened = async {
            let response = self.head(request).await?;
            if is_stream(&response) {
                return Ok(Opened::Stream(response.into_body()));
            }
            self.whole(response).await.map(Opened::Answer)
        };
        in_time(timeout, opened).await
    }

    async fn head(&self, request: Request<Bytes>) -> Result<Response<Incoming>, Broken> {
        self.client.request(request.map(Full::new)).await.map_err(|error| {
            let cause = root(&error);
            if error.is_connect() { Broken::NotSent(cause) } else { Broken::Lost(cause) }
        })
    }

    async fn whole(&self, response: Response<Incoming>) -> Result<Response<Bytes>, Broken> {
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, self.answer_bytes_max).collect().await;
        let body = body.map_err(|error| match error.is::<LengthLimitError>() {
            true => Broken::TooLong,
            false => Broken::Lost(root(&*error)),
        })?;
        Ok(Response::from_parts(parts, body.to_bytes()))
    }
}

async fn in_time<T>(
    timeout: Duration,
    answer: impl Future<Output = Result<T, Broken>>,
) -> Result<T, Broken> {
    let answer = tokio::time::timeout(timeout, answer).await;
    answer.unwrap_or_else(|_| Err(silent(timeout)))
}

/// Nothing came for so long.
pub(super) fn silent(timeout: Duration) -> Broken {
    Broken::Lost(format!("there was no answer within {} ms", timeout.as_millis()))
}

#[cfg(not(feature = "tls"))]
const fn connector(http: HttpConnector) -> Result<Connector, ClientError> {
    Ok(http)
}

#[cfg(feature = "tls")]
fn connector(mut http: HttpConnector) -> Result<Connector, ClientError> {
    http.enforce_http(false);
    let https = hyper_rustls::HttpsConnectorBuilder::new()
        .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider());
    let https = https.map_err(|error| ClientError::refused("base_url", error.to_string()))?;
    Ok(https.https_or_http().enable_http1().wrap_connector(http))
}

/// The root cause of an error: the others only say where it passed.
pub(super) fn root(error: &dyn Error) -> String {
    let mut root = error;
    while let Some(cause) = root.source() {
        root = cause;
    }
    root.to_string()
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport")
    }
}
