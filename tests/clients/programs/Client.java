import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The two clients that come with Java. */
public class Client {
    interface Asking {
        String ask(String method, String url, String body) throws Exception;
    }

    static final int SIZE = 5 * 1024 * 1024;
    static final HttpClient SHARED =
            HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build();

    static String byHttpClient(String method, String url, String body) throws Exception {
        var content = body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body);
        var builder = HttpRequest.newBuilder(URI.create(url)).method(method, content);
        if (body != null) builder.header("content-type", "application/json");
        var response = SHARED.send(builder.build(), HttpResponse.BodyHandlers.ofString());
        return response.statusCode() + " " + response.body();
    }

    static String byUrlConnection(String method, String url, String body) throws Exception {
        var connection = (HttpURLConnection) URI.create(url).toURL().openConnection();
        connection.setRequestMethod(method);
        if (body != null) {
            connection.setRequestProperty("content-type", "application/json");
            connection.setDoOutput(true);
            try (OutputStream out = connection.getOutputStream()) {
                out.write(body.getBytes());
            }
        }
        int status = connection.getResponseCode();
        try (InputStream in = connection.getInputStream()) {
            return status + " " + new String(in.readAllBytes());
        }
    }

    static void same(String expected, String got) {
        if (!expected.equals(got)) throw new AssertionError("expected " + expected + ", got " + got);
    }

    static void exercise(String at, Asking client) throws Exception {
        same("200 {\"id\":\"10\"}", client.ask("GET", at + "/item", null));
        same("201 {\"name\":\"Lamp\"}", client.ask("POST", at + "/items", "{\"name\":\"Lamp\"}"));
        same("200 {\"size\":" + SIZE + "}", client.ask("PUT", at + "/upload", "x".repeat(SIZE)));
        same("204 ", client.ask("DELETE", at + "/item", null));
        same("200 {\"id\":\"10\"}", client.ask("GET", at + "/old", null));
        var answers = new ArrayList<CompletableFuture<String>>();
        for (int each = 0; each < 10; each++) {
            String url = at + "/parallel/" + each;
            answers.add(CompletableFuture.supplyAsync(() -> {
                try {
                    return client.ask("GET", url, null);
                } catch (Exception error) {
                    throw new RuntimeException(error);
                }
            }));
        }
        for (int each = 0; each < 10; each++) same("200 {\"number\":\"" + each + "\"}", answers.get(each).get());
    }

    static void exerciseAll(String name, Asking client) {
        for (String scheme : List.of("plain", "TLS")) {
            String origin = scheme.equals("TLS") ? "https://secure.client.test" : "http://plain.client.test";
            try {
                exercise(origin + "/" + name, client);
                System.out.println("ok " + name + " " + scheme);
            } catch (Exception | AssertionError error) {
                System.out.println("failed " + name + " " + scheme + ": " + error);
            }
        }
    }

    public static void main(String[] arguments) {
        exerciseAll("java-http-client", Client::byHttpClient);
        exerciseAll("java-url-connection", Client::byUrlConnection);
    }
}
