<?php
// PHP's curl, on which its client libraries are built, and PHP's streams; the first argument says which.

function by_curl(string $method, string $url, ?string $body = null): string
{
    $handle = curl_init($url);
    curl_setopt_array($handle, [CURLOPT_CUSTOMREQUEST => $method, CURLOPT_RETURNTRANSFER => true, CURLOPT_FOLLOWLOCATION => true]);
    if ($body !== null) {
        curl_setopt_array($handle, [CURLOPT_POSTFIELDS => $body, CURLOPT_HTTPHEADER => ['content-type: application/json']]);
    }
    $text = curl_exec($handle);
    return curl_getinfo($handle, CURLINFO_RESPONSE_CODE) . " $text" . curl_error($handle);
}

function by_streams(string $method, string $url, ?string $body = null): string
{
    $options = ['method' => $method, 'timeout' => 20, 'ignore_errors' => true];
    if ($body !== null) {
        $options += ['content' => $body, 'header' => 'content-type: application/json'];
    }
    $answer = @file_get_contents($url, false, stream_context_create(['http' => $options]));
    if ($answer === false) {
        throw new Exception(error_get_last()['message']);
    }
    $statuses = preg_grep('#^HTTP/#', $http_response_header);
    return explode(' ', end($statuses))[1] . ' ' . $answer;
}

function same(string $expected, string $got): void
{
    if ($expected !== $got) {
        throw new Exception("expected $expected, got $got");
    }
}

function exercise(callable $ask, string $at): void
{
    same('200 {"id":"10"}', $ask('GET', "$at/item"));
    same('201 {"name":"Lamp"}', $ask('POST', "$at/items", '{"name":"Lamp"}'));
    same('200 {"size":5242880}', $ask('PUT', "$at/upload", str_repeat('x', 5242880)));
    same('204 ', $ask('DELETE', "$at/item"));
    same('200 {"id":"10"}', $ask('GET', "$at/old"));
    for ($number = 0; $number < 10; $number++) {
        same("200 {\"number\":\"$number\"}", $ask('GET', "$at/parallel/$number"));
    }
}

$name = $argv[1];
foreach (['plain' => 'http://plain.client.test', 'TLS' => 'https://secure.client.test'] as $scheme => $origin) {
    try {
        exercise("by_$name", "$origin/php-$name");
        echo "ok php-$name $scheme\n";
    } catch (Exception $error) {
        echo "failed php-$name $scheme: {$error->getMessage()}\n";
    }
}
