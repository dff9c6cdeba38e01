# Net::HTTP, and open-uri for what it can ask.
require 'json'
require 'net/http'
require 'open-uri'

def by_net_http(method, url, body = nil)
  uri = URI(url)
  request = Net::HTTPGenericRequest.new(method, !body.nil?, method != 'HEAD', uri.request_uri)
  if body
    request['content-type'] = 'application/json'
    request.body = body
  end
  response = Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == 'https') { |http| http.request(request) }
  return by_net_http('GET', URI.join(url, response['location']).to_s) if response.code == '302'

  "#{response.code} #{response.body}"
end

def by_open_uri(method, url, body = nil)
  return by_net_http(method, url, body) unless method == 'GET'

  URI.parse(url).open { |io| "#{io.status[0]} #{io.read}" }
end

def same(expected, got)
  raise "expected #{expected}, got #{got}" unless expected == got
end

def exercise(name, origin, client)
  at = "#{origin}/#{name}"
  same('200 {"id":"10"}', method(client).call('GET', "#{at}/item"))
  same('201 {"name":"Lamp"}', method(client).call('POST', "#{at}/items", '{"name":"Lamp"}'))
  same('200 {"size":5242880}', method(client).call('PUT', "#{at}/upload", 'x' * 5_242_880))
  same('204 ', method(client).call('DELETE', "#{at}/item"))
  same('200 {"id":"10"}', method(client).call('GET', "#{at}/old"))
  threads = (0..9).map { |each| Thread.new { method(client).call('GET', "#{at}/parallel/#{each}") } }
  threads.each_with_index { |thread, each| same("200 {\"number\":\"#{each}\"}", thread.value) }
end

{ 'ruby-net-http' => :by_net_http, 'ruby-open-uri' => :by_open_uri }.each do |name, client|
  { 'plain' => 'http://plain.client.test', 'TLS' => 'https://secure.client.test' }.each do |scheme, origin|
    exercise(name, origin, client)
    puts "ok #{name} #{scheme}"
  rescue StandardError => e
    puts "failed #{name} #{scheme}: #{e.message}"
  end
end
