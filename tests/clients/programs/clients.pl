# LWP, and HTTP::Tiny, which comes with Perl; the first argument says which.
use strict;
use warnings;
use HTTP::Tiny;

my ($name) = @ARGV;

sub by_lwp {
    my ($method, $url, $body) = @_;
    require LWP::UserAgent;
    my $request = HTTP::Request->new($method, $url, defined $body ? ['content-type' => 'application/json'] : [], $body);
    my $response = LWP::UserAgent->new(timeout => 20)->request($request);
    return $response->code . ' ' . $response->decoded_content;
}

sub by_tiny {
    my ($method, $url, $body) = @_;
    my %options = defined $body ? (content => $body, headers => { 'content-type' => 'application/json' }) : ();
    my $response = HTTP::Tiny->new(timeout => 20, verify_SSL => 1)->request($method, $url, \%options);
    return "$response->{status} $response->{content}";
}

sub same {
    my ($expected, $got) = @_;
    die "expected $expected, got $got\n" if $expected ne $got;
}

sub exercise {
    my ($ask, $at) = @_;
    same('200 {"id":"10"}', $ask->('GET', "$at/item"));
    same('201 {"name":"Lamp"}', $ask->('POST', "$at/items", '{"name":"Lamp"}'));
    same('200 {"size":5242880}', $ask->('PUT', "$at/upload", 'x' x 5242880));
    same('204 ', $ask->('DELETE', "$at/item"));
    same('200 {"id":"10"}', $ask->('GET', "$at/old"));
    same(qq(200 {"number":"$_"}), $ask->('GET', "$at/parallel/$_")) for 0 .. 9;
}

my %clients = ('lwp' => \&by_lwp, 'tiny' => \&by_tiny);
my %origins = (plain => 'http://plain.client.test', TLS => 'https://secure.client.test');
for my $scheme (qw(plain TLS)) {
    eval { exercise($clients{$name}, "$origins{$scheme}/perl-$name"); print "ok perl-$name $scheme\n"; 1 }
        or print "failed perl-$name $scheme: $@";
}
