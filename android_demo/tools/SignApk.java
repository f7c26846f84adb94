import com.android.apksig.ApkSigner;
import com.android.apksig.ApkVerifier;
import java.io.File;
import java.io.FileInputStream;
import java.io.InputStream;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

/** Aligns and signs an APK (schemes 1 to 3) and verifies it: SignApk IN OUT KEYSTORE PASSWORD MIN_SDK. */
public class SignApk {
    private static final int PAGE = 16384;

    public static void main(String[] arguments) throws Exception {
        File signed = new File(arguments[1]);
        int minSdk = Integer.parseInt(arguments[4]);
        new ApkSigner.Builder(List.of(signer(arguments[2], arguments[3].toCharArray())))
            .setInputApk(new File(arguments[0]))
            .setOutputApk(signed)
            .setMinSdkVersion(minSdk)
            .setV1SigningEnabled(true)
            .setV2SigningEnabled(true)
            .setV3SigningEnabled(true)
            // Stored entries move to multiples of 4 bytes, libraries to pages of 16 KiB.
            .setAlignmentPreserved(false)
            .setLibraryPageAlignmentBytes(PAGE)
            .build()
            .sign();
        ApkVerifier.Result result = new ApkVerifier.Builder(signed).setMinCheckedPlatformVersion(minSdk).build().verify();
        System.out.printf(
            "signature: verified=%b v1=%b v2=%b v3=%b errors=%s warnings=%s%n",
            result.isVerified(), result.isVerifiedUsingV1Scheme(), result.isVerifiedUsingV2Scheme(),
            result.isVerifiedUsingV3Scheme(), result.getErrors(), result.getWarnings());
        if (!result.isVerified() || !result.isVerifiedUsingV2Scheme() || !result.isVerifiedUsingV3Scheme()) System.exit(1);
    }

    private static ApkSigner.SignerConfig signer(String path, char[] password) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream stream = new FileInputStream(path)) {
            store.load(stream, password);
        }
        String alias = store.aliases().nextElement();
        List<X509Certificate> chain = new ArrayList<>();
        for (Certificate certificate : store.getCertificateChain(alias)) chain.add((X509Certificate) certificate);
        return new ApkSigner.SignerConfig.Builder("LRKERAS", (PrivateKey) store.getKey(alias, password), chain).build();
    }
}
