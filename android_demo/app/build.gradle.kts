import org.jetbrains.kotlin.gradle.dsl.JvmTarget

plugins {
    alias(libs.plugins.android.application)
    alias(libs.plugins.kotlin.android)
}

android {
    namespace = "org.lrkeras.demo"
    compileSdk = libs.versions.targetSdk.get().toInt()

    defaultConfig {
        applicationId = "org.lrkeras.demo"
        minSdk = libs.versions.minSdk.get().toInt()
        targetSdk = libs.versions.targetSdk.get().toInt()
        versionCode = libs.versions.versionCode.get().toInt()
        versionName = libs.versions.versionName.get()
        ndk {
            abiFilters += listOf("arm64-v8a", "armeabi-v7a", "x86_64")
        }
    }

    buildTypes {
        release {
            isMinifyEnabled = true
            isShrinkResources = true
            proguardFiles(getDefaultProguardFile("proguard-android-optimize.txt"), "proguard-rules.pro")
            // Signed with the debug key until you give one of your own: README.md.
            signingConfig = signingConfigs.getByName("debug")
        }
    }

    // Models are mapped into memory, which takes files that are stored as they are.
    androidResources {
        noCompress += "tflite"
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_1_8
        targetCompatibility = JavaVersion.VERSION_1_8
    }

    packaging {
        jniLibs {
            useLegacyPackaging = false
        }
    }

    sourceSets {
        getByName("main").java.srcDirs("src/main/kotlin")
        getByName("main").assets.srcDir(layout.buildDirectory.dir("generated/assets"))
    }
}

// The shipped models, and their cards; models.txt names those that an APK has room for, in the order in which they are shown.
val packagedModels = tasks.register<Sync>("packagedModels") {
    from(rootDir.resolve("../lrkeras/models"), rootDir.resolve("../tools/release/models")) {
        include(rootDir.resolve("models.txt").readLines())
    }
    from(rootDir.resolve("models.txt"))
    into(layout.buildDirectory.dir("generated/assets/models"))
}

tasks.named("preBuild") {
    dependsOn(packagedModels)
}

kotlin {
    compilerOptions {
        jvmTarget.set(JvmTarget.JVM_1_8)
    }
}

dependencies {
    implementation(project(":runtime"))
}
