/** Private key of {@link TEST_ONLY_CERTIFICATE}. It is public: it protects nothing and must not be used outside tests. */
export const TEST_ONLY_KEY: string = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjckXqnN7hnSw4GlQ
1OSp9M7RfnuCl9gW2+AB5Zm1mGuhRANCAAQtW2399OxkSXG53s5yQVSVS/c3vmfZ
KFqb2UeW+ueH0UzdTXlDiINAZsrSBDiknjFEc+mPtzLmlfgdNSkP2rcT
-----END PRIVATE KEY-----
`;

/** Self-signed certificate for the name `localhost` (no address), valid for a hundred years. For tests only. */
export const TEST_ONLY_CERTIFICATE: string = `-----BEGIN CERTIFICATE-----
MIIBlTCCATugAwIBAgIUFygvBnWi9yYrkVcfG3fp11OYDk8wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJdGVzdCBvbmx5MCAXDTI2MTEyMjA4NTAyM1oYDzIxMjYxMDI5
MDg1MDIzWjAUMRIwEAYDVQQDDAl0ZXN0IG9ubHkwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQtW2399OxkSXG53s5yQVSVS/c3vmfZKFqb2UeW+ueH0UzdTXlDiINA
ZsrSBDiknjFEc+mPtzLmlfgdNSkP2rcTo2kwZzAdBgNVHQ4EFgQUEPWw76rfmPHk
NuCUwru/4sns/H0wHwYDVR0jBBgwFoAUEPWw76rfmPHkNuCUwru/4sns/H0wDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SAAwRQIgaGB5aYUtwWwtCvIYmnNZfXeTio7w4hW9QBXZ9zBnF08CIQCurt0NvgKi
c4Q9n1Ns5hBSG3+GWhFqbJGOtkrPa586yA==
-----END CERTIFICATE-----
`;
