//! OpenID Connect providers that organisations name (ORG-2): the authorisation code flow with PKCE, state
//! and nonce. Every address that a provider names is asked of the same guard as a webhook's. Not here: who
//! of an organisation somebody is.

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdTokenClaims, CoreProviderMetadata,
    CoreTokenResponse, CoreUserInfoClaims,
};
use openidconnect::{
    AsyncHttpClient, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    SignatureVerificationError as Signature, TokenResponse as _,
};
use quick_cache::sync::Cache;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use super::outbound::Outbound;

/// Providers whose description is kept.
const KNOWN: usize = 1_000;
/// How long a description holds before it is read anew. For a key that it does not have it is read
/// anew at once: providers rotate keys.
const FRESH: TimeDelta = TimeDelta::minutes(10);
/// For all that one step asks of a provider.
const PATIENCE: Duration = Duration::from_secs(10);

/// A provider as an organisation set it.
#[derive(Clone, Debug)]
pub struct Provider {
    pub issuer: String,
    pub client_id: String,
    pub client_secret: SecretString,
    /// Where it sends people back to.
    pub redirect_url: String,
}

/// What a sign-in under way has to remember. Whoever began it keeps it, sealed.
#[derive(Serialize, Deserialize)]
pub struct Attempt {
    pub state: String,
    nonce: String,
    verifier: String,
}

/// Whom a provider vouches for.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The provider's name for the person.
    pub subject: String,
    /// Their address, if the provider has verified it.
    pub verified_email: Option<String>,
}

/// Why there is nobody.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failure {
    /// It could not be reached, or does not describe itself.
    #[error("the provider cannot be used: {0}")]
    Unusable(String),
    /// It answered, and what it answered proves nothing.
    #[error("the provider vouches for nobody: {0}")]
    Refused(String),
}

/// Speaks to providers, and remembers how they describe themselves.
pub struct OpenId {
    known: Cache<String, Arc<Described>>,
}

struct Described {
    at: DateTime<Utc>,
    metadata: CoreProviderMetadata,
}

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

impl Default for OpenId {
    fn default() -> Self {
        Self { known: Cache::new(KNOWN) }
    }
}

impl OpenId {
    /// Reads how a provider describes itself: why it cannot be used, if it cannot.
    pub async fn check(&self, outbound: &Outbound, issuer: &str, now: DateTime<Utc>) -> Result<(), Failure> {
        patiently(self.describe_anew(outbound, issuer, now)).await.map(|_| ())
    }

    /// Where to send the browser, and what to remember until it comes back.
    pub async fn begin(
        &self,
        outbound: &Outbound,
        provider: &Provider,
        now: DateTime<Utc>,
    ) -> Result<(Url, Attempt), Failure> {
        let described = patiently(self.describe(outbound, &provider.issuer, now)).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let client = client(provider, &described.metadata)?;
        let request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scope(Scope::new("email".into()))
            .set_pkce_challenge(challenge);
        let (url, state, nonce) = request.url();
        let attempt = Attempt {
            state: state.into_secret(),
            nonce: nonce.secret().clone(),
            verifier: verifier.into_secret(),
        };
        Ok((url, attempt))
    }

    /// Turns the code that the browser came back with into a person.
    pub async fn finish(
        &self,
        outbound: &Outbound,
        provider: &Provider,
        (attempt, code): (Attempt, String),
        now: DateTime<Utc>,
    ) -> Result<Identity, Failure> {
        patiently(async {
            let described = self.describe(outbound, &provider.issuer, now).await?;
            let nonce = Nonce::new(attempt.nonce);
            let verifier = PkceCodeVerifier::new(attempt.verifier);
            let client = client(provider, &described.metadata)?;
            let tokens = exchange(outbound, &client, code, verifier).await?;
            let claims = match claims(&client, &tokens, &nonce, now) {
                Err(ClaimsVerificationError::SignatureVerification(Signature::NoMatchingKey)) => {
                    let anew = self.describe_anew(outbound, &provider.issuer, now).await?;
                    claims(&self::client(provider, &anew.metadata)?, &tokens, &nonce, now)
                }
                read => read,
            };
            let claims = claims.map_err(refused)?;
            let email = match verified(claims.email(), claims.email_verified()) {
                Some(email) => Some(email),
                None => ask_for_email(outbound, &client, &tokens, &claims).await,
            };
            Ok(Identity { subject: claims.subject().to_string(), verified_email: email })
        })
        .await
    }

    async fn describe(
        &self,
        outbound: &Outbound,
        issuer: &str,
        now: DateTime<Utc>,
    ) -> Result<Arc<Described>, Failure> {
        match self.known.get(issuer).filter(|known| now - known.at < FRESH) {
            Some(known) => Ok(known),
            None => self.describe_anew(outbound, issuer, now).await,
        }
    }

    async fn describe_anew(
        &self,
        outbound: &Outbound,
        issuer: &str,
        now: DateTime<Utc>,
    ) -> Result<Arc<Described>, Failure> {
        let url = IssuerUrl::new(issuer.to_owned()).map_err(unusable)?;
        let metadata = CoreProviderMetadata::discover_async(url, &Wire(outbound)).await.map_err(unusable)?;
        if !matches!(metadata.authorization_endpoint().url().scheme(), "https" | "http") {
            return Err(unusable(anyhow!("its sign-in page is no web address")));
        }
        let described = Arc::new(Described { at: now, metadata });
        self.known.insert(issuer.to_owned(), described.clone());
        Ok(described)
    }
}

async fn patiently<T>(step: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::time::timeout(PATIENCE, step).await.unwrap_or_else(|_| Err(unusable(anyhow!("it takes too long"))))
}

fn client(provider: &Provider, metadata: &CoreProviderMetadata) -> Result<Client, Failure> {
    let redirect = RedirectUrl::new(provider.redirect_url.clone()).map_err(unusable)?;
    let secret = ClientSecret::new(provider.client_secret.expose_secret().to_owned());
    let id = ClientId::new(provider.client_id.clone());
    let client = CoreClient::from_provider_metadata(metadata.clone(), id, Some(secret));
    let methods = metadata.token_endpoint_auth_methods_supported();
    let by_header = methods.is_none_or(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
    let how = if by_header { AuthType::BasicAuth } else { AuthType::RequestBody };
    Ok(client.set_auth_type(how).set_redirect_uri(redirect))
}

async fn exchange(
    outbound: &Outbound,
    client: &Client,
    code: String,
    verifier: PkceCodeVerifier,
) -> Result<CoreTokenResponse, Failure> {
    let request = client.exchange_code(AuthorizationCode::new(code)).map_err(unusable)?;
    let answer = request.set_pkce_verifier(verifier).request_async(&Wire(outbound)).await;
    answer.map_err(|error| match error {
        RequestTokenError::ServerResponse(_) => refused(error),
        error => unusable(error),
    })
}

fn claims(
    client: &Client,
    tokens: &CoreTokenResponse,
    nonce: &Nonce,
    now: DateTime<Utc>,
) -> Result<CoreIdTokenClaims, ClaimsVerificationError> {
    let missing = || ClaimsVerificationError::Other("there is no ID token".into());
    let token = tokens.id_token().ok_or_else(missing)?;
    token.claims(&client.id_token_verifier().set_time_fn(move || now), nonce).cloned()
}

/// Providers may keep the address out of the ID token. Without it the person can still be known by subject.
async fn ask_for_email(
    outbound: &Outbound,
    client: &Client,
    tokens: &CoreTokenResponse,
    claims: &CoreIdTokenClaims,
) -> Option<String> {
    let request = client.user_info(tokens.access_token().clone(), Some(claims.subject().clone())).ok()?;
    let answer: Result<CoreUserInfoClaims, _> = request.request_async(&Wire(outbound)).await;
    let answer = answer.ok()?;
    verified(answer.email(), answer.email_verified())
}

fn verified(email: Option<&openidconnect::EndUserEmail>, verified: Option<bool>) -> Option<String> {
    email.filter(|_| verified == Some(true)).map(|email| email.trim().to_lowercase())
}

/// What the library asks for, sent to where it may go.
struct Wire<'a>(&'a Outbound);

impl<'c> AsyncHttpClient<'c> for Wire<'_> {
    type Error = Unsent;
    type Future = BoxFuture<'c, Result<HttpResponse, Unsent>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        async move { self.0.send(request).await.map_err(Unsent) }.boxed()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unsent(String);

fn unusable(why: impl Into<anyhow::Error>) -> Failure {
    Failure::Unusable(format!("{:#}", why.into()))
}

fn refused(why: impl Into<anyhow::Error>) -> Failure {
    Failure::Refused(format!("{:#}", why.into()))
}
