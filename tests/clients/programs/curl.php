<?php
// PHP's curl, which every client library of PHP is built on.
function ask($method, $url, $body = null) {
    $handle = curl_init($url);
    curl_setopt_array($handle, [CURLOPT_CUSTOMREQUEST => $method, CURLOPT_RETURNTRANSFER => true, CURLOPT_FOLLOWLOCATION => true]);
    if ($body !== null) {
        curl_setopt_array($handle, [CURLOPT_POSTFIELDS => $body, CURLOPT_HTTPHEADER => ['content-type: application/json']]);
    }
    $text = curl_exec($handle);
    return curl_getinfo($handle, CURLINFO_RESPONSE_CODE) . " $text" . curl_error($handle);
}

function same($expected, $got) {
    if ($expected !== $got) {
        exit("failed php-curl: expected $expected, got $got\n");
    }
}

foreach (['http://plain.client.test', 'https://secure.client.test'] as $origin) {
    $at = "$origin/php-curl";
    same('200 {"id":"10"}', ask('GET', "$at/item"));
    same('201 {"name":"Lamp"}', ask('POST', "$at/items", '{"name":"Lamp"}'));
    same('200 {"size":5242880}', ask('PUT', "$at/upload", str_repeat('x', 5242880)));
    same('204 ', ask('DELETE', "$at/item"));
    same('200 {"id":"10"}', ask('GET', "$at/old"));
    for ($number = 0; $number < 10; $number++) {
        same("200 {\"number\":\"$number\"}", ask('GET', "$at/parallel/$number"));
    }
}
echo "ok php-curl\n";
