// What a client on Mono gets from a URL, by way of a proxy; it trusts one authority, whose file it is given.
using System;
using System.IO;
using System.Net;
using System.Security.Cryptography.X509Certificates;

class Client
{
    static void Main(string[] words)
    {
        var authority = new X509Certificate2(words[2]);
        ServicePointManager.SecurityProtocol = SecurityProtocolType.Tls12;
        ServicePointManager.ServerCertificateValidationCallback = (sender, certificate, chain, errors) =>
        {
            var last = chain.ChainElements[chain.ChainElements.Count - 1].Certificate;
            return last.Thumbprint == authority.Thumbprint;
        };
        var request = (HttpWebRequest)WebRequest.Create(words[1]);
        request.Proxy = new WebProxy(words[0]);
        using (var reader = new StreamReader(request.GetResponse().GetResponseStream()))
            Console.Write(reader.ReadToEnd());
    }
}
