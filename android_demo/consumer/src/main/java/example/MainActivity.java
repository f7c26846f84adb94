package example;

import android.app.Activity;
import android.os.Bundle;
import android.widget.TextView;
import java.io.IOException;
import org.lrkeras.core.runtime.StreamModel;
import org.lrkeras.lite.LiteModels;

/** Shows what a model in the assets says to a token. */
public class MainActivity extends Activity {
    @Override
    protected void onCreate(Bundle state) {
        super.onCreate(state);
        TextView view = new TextView(this);
        try (StreamModel model = LiteModels.stream(getAssets(), "model.tflite")) {
            view.setText(String.valueOf(model.stream().push(new int[] {1})[0]));
        } catch (IOException error) {
            view.setText(error.getMessage());
        }
        setContentView(view);
    }
}
