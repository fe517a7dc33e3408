import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.FileInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * A stand-in for auth.gcn.nasa.gov (Amazon Cognito): the client-credentials grant over HTTPS.
 * Arguments: port, PKCS12 key store. CLIENT_ID, CLIENT_SECRET (also opens the key store) and
 * TOKEN_LIFETIME come from the environment, so that no process list shows them.
 *
 * <pre>
 * POST /oauth2/token            a token, or {"error": ...} with 400
 * GET  /.well-known/jwks.json   the key that signs the tokens, read by the broker
 * GET  /count                   tokens issued so far
 * POST /set?lifetime=S&amp;status=N  seconds that new tokens live; another status than 200: every
 *                               token request is answered with it, as in an outage
 * </pre>
 */
public class TokenServer {
    static final String KEY_ID = "test-key";
    static final String SCOPE = "gcn.nasa.gov/kafka-public-consumer";

    final String issuer;
    final String clientId = System.getenv("CLIENT_ID");
    final String clientSecret = System.getenv("CLIENT_SECRET");
    final KeyPair keys;
    final AtomicInteger issued = new AtomicInteger();
    volatile int lifetime = Integer.parseInt(System.getenv("TOKEN_LIFETIME"));
    volatile int status = 200;

    TokenServer(int port) throws GeneralSecurityException {
        issuer = "https://127.0.0.1:" + port;
        var generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        keys = generator.generateKeyPair();
    }

    public static void main(String[] args) throws Exception {
        int port = Integer.parseInt(args[0]);
        var app = new TokenServer(port);
        var server = HttpsServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(tls(args[1], app.clientSecret)));
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/oauth2/token", app::token);
        server.createContext("/.well-known/jwks.json", exchange -> reply(exchange, 200, app.jwks()));
        server.createContext("/count", exchange -> reply(exchange, 200, app.issued.toString()));
        server.createContext("/set", app::set);
        server.start();
        System.out.println("Token server started");
    }

    static SSLContext tls(String keyStore, String password) throws Exception {
        var store = KeyStore.getInstance("PKCS12");
        try (var file = new FileInputStream(keyStore)) {
            store.load(file, password.toCharArray());
        }
        var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(store, password.toCharArray());
        var context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        return context;
    }

    void token(HttpExchange exchange) throws IOException {
        var form = parameters(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
        if (status != 200) {
            reply(exchange, status, "{\"error\":\"server_error\"}");
        } else if (!exchange.getRequestMethod().equals("POST")) {
            reply(exchange, 405, "{\"error\":\"invalid_request\"}");
        } else if (!allowed(exchange.getRequestHeaders().getFirst("Authorization"), form)) {
            reply(exchange, 400, "{\"error\":\"invalid_client\"}"); // Cognito: 400, not 401
        } else if (!"client_credentials".equals(form.get("grant_type"))) {
            reply(exchange, 400, "{\"error\":\"unsupported_grant_type\"}");
        } else {
            reply(exchange, 200, String.format(
                "{\"access_token\":\"%s\",\"expires_in\":%d,\"token_type\":\"Bearer\"}", jwt(), lifetime));
            issued.incrementAndGet();
        }
    }

    /** Credentials in a Basic header or, without one, in the form. */
    boolean allowed(String authorization, Map<String, String> form) {
        String given = form.get("client_id") + ":" + form.get("client_secret");
        if (authorization != null && authorization.startsWith("Basic ")) {
            try {
                given = new String(Base64.getDecoder().decode(authorization.substring(6)), StandardCharsets.UTF_8);
            } catch (IllegalArgumentException notBase64) {
                return false;
            }
        }
        return given.equals(clientId + ":" + clientSecret);
    }

    /** The claims of a Cognito access token, and an audience so that the broker has one to check. */
    String jwt() {
        long now = Instant.now().getEpochSecond();
        var head = String.format("{\"kid\":\"%s\",\"alg\":\"RS256\"}", KEY_ID);
        var claims = String.format(
            "{\"sub\":\"%s\",\"client_id\":\"%s\",\"token_use\":\"access\",\"version\":2,\"jti\":\"%s\","
                + "\"scope\":\"%s\",\"iss\":\"%s\",\"aud\":\"kafka\",\"auth_time\":%d,\"iat\":%d,\"exp\":%d}",
            clientId, clientId, UUID.randomUUID(), SCOPE, issuer, now, now, now + lifetime);
        var signed = base64(head.getBytes(StandardCharsets.UTF_8)) + "."
            + base64(claims.getBytes(StandardCharsets.UTF_8));
        try {
            var signature = Signature.getInstance("SHA256withRSA");
            signature.initSign(keys.getPrivate());
            signature.update(signed.getBytes(StandardCharsets.UTF_8));
            return signed + "." + base64(signature.sign());
        } catch (GeneralSecurityException error) {
            throw new IllegalStateException(error);
        }
    }

    String jwks() {
        var key = (RSAPublicKey) keys.getPublic();
        return String.format(
            "{\"keys\":[{\"kty\":\"RSA\",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"%s\"}]}",
            KEY_ID, base64(unsigned(key.getModulus())), base64(unsigned(key.getPublicExponent())));
    }

    void set(HttpExchange exchange) throws IOException {
        var wanted = parameters(exchange.getRequestURI().getRawQuery());
        lifetime = Integer.parseInt(wanted.getOrDefault("lifetime", "" + lifetime));
        status = Integer.parseInt(wanted.getOrDefault("status", "" + status));
        reply(exchange, 200, "{}");
    }

    static Map<String, String> parameters(String encoded) {
        var map = new HashMap<String, String>();
        for (var pair : (encoded == null ? "" : encoded).split("&")) {
            var parts = pair.split("=", 2);
            if (parts.length == 2) {
                map.put(parts[0], URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
            }
        }
        return map;
    }

    static void reply(HttpExchange exchange, int status, String body) throws IOException {
        var bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        try (var out = exchange.getResponseBody()) {
            out.write(bytes);
        }
    }

    static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** Big-endian without the sign byte that BigInteger may put in front. */
    static byte[] unsigned(BigInteger number) {
        var bytes = number.toByteArray();
        return bytes[0] == 0 ? java.util.Arrays.copyOfRange(bytes, 1, bytes.length) : bytes;
    }
}
