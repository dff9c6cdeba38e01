// Mono's HttpWebRequest.
using System;
using System.IO;
using System.Linq;
using System.Net;
using System.Text;
using System.Threading.Tasks;

static class Client
{
    static string Ask(string method, string url, string body = null)
    {
        var request = (HttpWebRequest)WebRequest.Create(url);
        request.Method = method;
        if (body != null)
        {
            request.ContentType = "application/json";
            var bytes = Encoding.UTF8.GetBytes(body);
            using (var stream = request.GetRequestStream()) stream.Write(bytes, 0, bytes.Length);
        }
        using (var response = (HttpWebResponse)request.GetResponse())
        using (var reader = new StreamReader(response.GetResponseStream()))
            return (int)response.StatusCode + " " + reader.ReadToEnd();
    }

    static void Same(string expected, string got)
    {
        if (expected != got) throw new Exception("expected " + expected + ", got " + got);
    }

    static void Exercise(string at)
    {
        Same("200 {\"id\":\"10\"}", Ask("GET", at + "/item"));
        Same("201 {\"name\":\"Lamp\"}", Ask("POST", at + "/items", "{\"name\":\"Lamp\"}"));
        Same("200 {\"size\":5242880}", Ask("PUT", at + "/upload", new string('x', 5242880)));
        Same("204 ", Ask("DELETE", at + "/item"));
        Same("200 {\"id\":\"10\"}", Ask("GET", at + "/old"));
        var answers = Enumerable.Range(0, 10).Select(each => Task.Run(() => Ask("GET", at + "/parallel/" + each))).ToArray();
        for (var each = 0; each < 10; each++) Same("200 {\"number\":\"" + each + "\"}", answers[each].Result);
    }

    static void Main()
    {
        foreach (var origin in new[] { "http://plain.client.test", "https://secure.client.test" })
        {
            var scheme = origin.StartsWith("https") ? "TLS" : "plain";
            try
            {
                Exercise(origin + "/mono");
                Console.WriteLine("ok mono " + scheme);
            }
            catch (Exception error)
            {
                Console.WriteLine("failed mono " + scheme + ": " + error.GetBaseException().Message);
            }
        }
    }
}
