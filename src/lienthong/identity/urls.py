"""Routes: of the provider (the node with the face `eid`) and of every relying party."""

from django.urls import path

from lienthong.identity import endpoints, here, provider, relying

provider_patterns = [
    path("", provider.home, name="home"),
    path(".well-known/openid-configuration", endpoints.configuration),
    path("jwks", endpoints.jwks),
    path("authorize", provider.authorize, name="authorize"),
    path("token", endpoints.token),
    path("userinfo", endpoints.userinfo),
    path("end-session", endpoints.end_session, name="end_session"),
    path("sign-in", here.sign_in, name="sign_in"),
    path("sign-out", here.sign_out, name="sign_out"),
]

relying_patterns = [
    path("sign-in", relying.sign_in, name="sign_in"),
    path("signed-in", relying.signed_in, name="signed_in"),
    path("sign-out", relying.sign_out, name="sign_out"),
    path("signed-out", relying.signed_out, name="signed_out"),
]
