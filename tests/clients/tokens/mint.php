<?php

declare(strict_types=1);

// Mints the PHP fixtures of tokens.json, as the recipe for PHP does, and prints them as a JSON list.
// The one difference: `exp` is a fixed day in 2099, or absent.

use Composer\InstalledVersions;
use Firebase\JWT\JWT;

require 'vendor/autoload.php';

const WORKSPACE_KEY = 'token-fixtures';
const SECRET = 'not-a-real-secret/only-for-token-fixtures/0123456789/abcdefghijklmnopqrstuvwxyz';
const YEAR_2099 = 4070908800;

function mint(string $algorithm, array $claims): array
{
    return [
        'language' => 'php',
        'library' => 'firebase/php-jwt',
        'version' => InstalledVersions::getPrettyVersion('firebase/php-jwt'),
        'algorithm' => $algorithm,
        'claims' => $claims,
        'workspaceKey' => WORKSPACE_KEY,
        'secret' => SECRET,
        'token' => JWT::encode($claims, SECRET, $algorithm),
    ];
}

echo json_encode([
    mint('HS256', [
        'workspaceKey' => WORKSPACE_KEY,
        'tenantKey' => 'tenant-of-php',
        'name' => 'Zoë & <PHP> / Söhne',
        'exp' => YEAR_2099,
    ]),
    mint('HS512', [
        'iss' => WORKSPACE_KEY,
        'id' => 'legacy-tenant-of-php',
        'name' => 'Legacy PHP',
        'fields' => ['plan' => 'pro', 'seats' => 3],
    ]),
    mint('HS256', [
        'workspaceKey' => WORKSPACE_KEY,
        'isAdmin' => true,
        'exp' => YEAR_2099,
    ]),
], JSON_THROW_ON_ERROR), "\n";
