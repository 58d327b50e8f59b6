package io.github.asyncmiddleware.sample;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AddressLine}.
 */
@ExtendWith(OutputCaptureExtension.class)
class AddressLineIntegrationTests {

	@Test
	void saysInTheLastLineWhichAddressToOpen(CapturedOutput output) {
		try (ConfigurableApplicationContext context = SpringApplication.run(SampleApplication.class,
				"--server.port=0")) {
			String port = context.getEnvironment().getRequiredProperty("local.server.port");
			assertThat(output.toString().stripTrailing()).endsWith(": Open http://localhost:" + port + "/");
		}
	}

}
