# LWP, Perl's client.
use strict;
use warnings;
use LWP::UserAgent;

my $agent = LWP::UserAgent->new(timeout => 20);

sub ask {
    my ($method, $url, $body) = @_;
    my $request = HTTP::Request->new($method, $url, defined $body ? ['content-type' => 'application/json'] : [], $body);
    my $response = $agent->request($request);
    return $response->code . ' ' . $response->decoded_content;
}

sub same {
    my ($expected, $got) = @_;
    die "expected $expected, got $got" if $expected ne $got;
}

for my $origin ('http://plain.client.test', 'https://secure.client.test') {
    my $at = "$origin/perl-lwp";
    same('200 {"id":"10"}', ask('GET', "$at/item"));
    same('201 {"name":"Lamp"}', ask('POST', "$at/items", '{"name":"Lamp"}'));
    same('200 {"size":5242880}', ask('PUT', "$at/upload", 'x' x 5242880));
    same('204 ', ask('DELETE', "$at/item"));
    same('200 {"id":"10"}', ask('GET', "$at/old"));
    same(qq(200 {"number":"$_"}), ask('GET', "$at/parallel/$_")) for 0 .. 9;
}
print "ok perl-lwp\n";
