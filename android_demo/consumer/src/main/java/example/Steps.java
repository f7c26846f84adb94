package example;

import java.io.File;
import org.lrkeras.core.runtime.Stream;
import org.lrkeras.core.runtime.StreamModel;
import org.lrkeras.lite.LiteModels;

/** Runs a step file on the JVM: Steps MODEL.tflite TOKEN... prints what the last step gives. */
public final class Steps {
    private Steps() {}

    /** Steps of one stream; another stream of the same model must not disturb it. */
    public static void main(String[] words) throws Exception {
        int[] tokens = new int[words.length - 1];
        for (int i = 0; i < tokens.length; i++) tokens[i] = Integer.parseInt(words[i + 1]);
        try (StreamModel model = LiteModels.stream(new File(words[0]))) {
            Stream stream = model.stream();
            Stream other = model.stream();
            float[] last = null;
            for (int token : tokens) {
                last = stream.push(new int[] {token});
                other.push(new int[] {1});
            }
            StringBuilder text = new StringBuilder();
            for (float value : last) text.append(value).append(' ');
            System.out.println(text.toString().trim());
        }
    }
}
