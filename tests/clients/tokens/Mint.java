import io.jsonwebtoken.JwtBuilder;
import io.jsonwebtoken.Jwts;
import io.jsonwebtoken.SignatureAlgorithm;
import io.jsonwebtoken.jackson.io.JacksonSerializer;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.crypto.spec.SecretKeySpec;

/**
 * Mints the Java fixtures of tokens.json, as the recipe for Java does, and prints them as a JSON list. The one
 * difference: the expiration is a fixed day in 2099, or absent. Its argument is the version of jjwt on the class path.
 */
public class Mint {
    private static final String WORKSPACE_KEY = "token-fixtures";
    private static final String SECRET =
        "not-a-real-secret/only-for-token-fixtures/0123456789/abcdefghijklmnopqrstuvwxyz";
    private static final Instant YEAR_2099 = Instant.parse("2099-01-01T00:00:00Z");

    public static void main(String[] args) throws Exception {
        String version = args[0];
        List<Map<String, Object>> fixtures = new ArrayList<>();

        String token = Jwts.builder()
            .claim("workspaceKey", WORKSPACE_KEY)
            .claim("tenantKey", "tenant-of-java")
            .claim("name", "Zoë & <Java> / Söhne")
            .setExpiration(Date.from(YEAR_2099))
            .signWith(
                new SecretKeySpec(SECRET.getBytes(), "HmacSHA256"),
                SignatureAlgorithm.HS256)
            .compact();
        fixtures.add(fixture(version, "HS256", token,
            "workspaceKey", WORKSPACE_KEY, "tenantKey", "tenant-of-java", "name", "Zoë & <Java> / Söhne",
            "exp", YEAR_2099.getEpochSecond()));

        Map<String, Object> fields = members("plan", "pro", "seats", 3);
        JwtBuilder legacy = Jwts.builder()
            .setIssuer(WORKSPACE_KEY)
            .claim("id", "legacy-tenant-of-java")
            .claim("name", "Legacy Java")
            .claim("fields", fields);
        token = legacy
            .signWith(
                new SecretKeySpec(SECRET.getBytes(), "HmacSHA512"),
                SignatureAlgorithm.HS512)
            .compact();
        fixtures.add(fixture(version, "HS512", token,
            "iss", WORKSPACE_KEY, "id", "legacy-tenant-of-java", "name", "Legacy Java", "fields", fields));

        token = Jwts.builder()
            .claim("workspaceKey", WORKSPACE_KEY)
            .claim("isAdmin", true)
            .setExpiration(Date.from(YEAR_2099))
            .signWith(
                new SecretKeySpec(SECRET.getBytes(), "HmacSHA256"),
                SignatureAlgorithm.HS256)
            .compact();
        fixtures.add(fixture(version, "HS256", token,
            "workspaceKey", WORKSPACE_KEY, "isAdmin", true, "exp", YEAR_2099.getEpochSecond()));

        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        out.println(new String(new JacksonSerializer<>().serialize(fixtures), StandardCharsets.UTF_8));
    }

    private static Map<String, Object> fixture(String version, String algorithm, String token, Object... claims) {
        return members("language", "java", "library", "io.jsonwebtoken:jjwt", "version", version,
            "algorithm", algorithm, "claims", members(claims), "workspaceKey", WORKSPACE_KEY, "secret", SECRET,
            "token", token);
    }

    private static Map<String, Object> members(Object... keysAndValues) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return map;
    }
}
